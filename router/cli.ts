/** The router's commands, as data. Whoever has a command line lists them. */
import { check } from './entries/cli/check.ts';
import { drill } from './entries/cli/drill.ts';
import { init } from './entries/cli/init.ts';
import { render } from './entries/cli/render.ts';
import type { RouterCommand } from './entries/cli/router-command.ts';
import { token } from './entries/cli/token.ts';

export const ROUTER_COMMANDS: readonly RouterCommand[] = [init, check, render, token, drill];
