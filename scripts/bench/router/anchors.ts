/**
 * HAProxy and nginx from Debian, tuned to the router's own time-outs, on loopback only. Where they are missing and this runs as
 * root on Debian they are installed, without starting their services; otherwise their columns say so and nothing else fails.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { freePort, type Measured, programPath, startProgram } from './processes.ts';

export const ANCHORS = ['haproxy', 'nginx'] as const;
export type AnchorName = (typeof ANCHORS)[number];

export interface Anchor {
  readonly name: AnchorName;
  readonly version: string;
  readonly start: (origins: readonly string[], folder: string, core?: string) => Promise<Measured>;
}

const RC_POLICY = '/usr/sbin/policy-rc.d';

const install = (packages: readonly string[]): void => {
  // Debian starts a service when its package is installed, on every address; 101 forbids it.
  const isOurs = !existsSync(RC_POLICY);
  if (isOurs) {
    writeFileSync(RC_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  }
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
      env,
      stdio: 'ignore',
      timeout: 120_000,
    });
  } finally {
    if (isOurs) {
      rmSync(RC_POLICY, { force: true });
    }
  }
};

const PACKAGES: Readonly<Record<AnchorName, string>> = { haproxy: 'haproxy', nginx: 'nginx-light' };

const hostPort = (url: string): string => new URL(url).host;

const haproxyConfig = ([a = '', b = '']: readonly string[], port: number): string => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 500ms
  timeout server 1s
  timeout client 30s
  timeout http-keep-alive 75s
  retries 2
  retry-on all-retryable-errors
  option redispatch 1
  option httpchk GET /healthz
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend regions
backend regions
  http-request disable-l7-retry unless METH_GET
  default-server check inter 1s fall 2 rise 2
  server a ${hostPort(a)} observe layer7 error-limit 5 on-error mark-down
  server b ${hostPort(b)} backup
`;

const nginxConfig = ([a = '', b = '']: readonly string[], port: number, folder: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream regions {
    server ${hostPort(a)} max_fails=3 fail_timeout=10s;
    server ${hostPort(b)} backup;
    keepalive 256;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://regions;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 500ms;
      proxy_send_timeout 1s;
      proxy_read_timeout 1s;
      proxy_next_upstream error timeout http_502 http_503 http_504;
      proxy_next_upstream_tries 2;
    }
  }
}
`;

const STARTS: Readonly<Record<AnchorName, (file: string) => Anchor['start']>> = {
  haproxy: (file) => async (origins, folder, core) => {
    const port = await freePort();
    const config = path.join(folder, `haproxy-${port}.cfg`);
    writeFileSync(config, haproxyConfig(origins, port));
    return startProgram(file, ['-db', '-q', '-f', config], port, core);
  },
  nginx: (file) => async (origins, folder, core) => {
    const port = await freePort();
    const own = path.join(folder, `nginx-${port}`);
    mkdirSync(own);
    const config = path.join(own, 'nginx.conf');
    writeFileSync(config, nginxConfig(origins, port, own));
    return startProgram(file, ['-c', config, '-p', own, '-e', 'stderr'], port, core);
  },
};

const versionOf = (name: AnchorName, file: string): string => {
  // nginx says it on stderr.
  const said = execFileSync('sh', ['-c', `${file} -v 2>&1`], { encoding: 'utf8' });
  return `${name} ${/\d+\.\d+\.\d+/u.exec(said)?.[0] ?? ''}`;
};

/** Those that are there, after what can be done to have them. */
export const findAnchors = (say: (line: string) => void): readonly Anchor[] => {
  const missing = ANCHORS.filter((name) => programPath(name) === undefined);
  if (missing.length > 0 && process.getuid?.() === 0 && programPath('apt-get') !== undefined) {
    say(`installing ${missing.join(' and ')} from Debian for the comparison`);
    try {
      install(missing.map((name) => PACKAGES[name]));
    } catch {
      say('that did not work; the comparison goes without');
    }
  }
  return ANCHORS.flatMap((name) => {
    const file = programPath(name);
    if (file === undefined) {
      say(`${name}: not installed (apt-get install ${PACKAGES[name]}); its column stays empty`);
      return [];
    }
    return [{ name, version: versionOf(name, file), start: STARTS[name](file) }];
  });
};
