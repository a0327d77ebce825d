/** How an answer leaves the gateway: whole, or cut off at one place after another. */
import type { ServerResponse } from 'node:http';

import type { ServiceReply } from './service.ts';

export const sendWhole = (response: ServerResponse, reply: ServiceReply): number => {
  response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) });
  response.end(reply.body);
  return reply.status;
};

/** Half a head, then silence until the client gives up. */
export const stallHead = (response: ServerResponse, reply: ServiceReply): number => {
  response.socket?.write(`HTTP/1.1 ${reply.status} OK\r\ncontent-`);
  return 0;
};

/** The head and half the body. An empty body is announced as one byte. */
const sendHalf = (response: ServerResponse, reply: ServiceReply, sent?: () => void): number => {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, { ...reply.headers, 'content-length': Math.max(body.length, 1) });
  response.flushHeaders();
  response.write(body.subarray(0, Math.floor(body.length / 2)), sent);
  return reply.status;
};

/** Then silence until the client gives up. */
export const stallBody = (response: ServerResponse, reply: ServiceReply): number => sendHalf(response, reply);

/** Then an orderly end of the connection, as a proxy closes whose upstream died. */
export const truncateBody = (response: ServerResponse, reply: ServiceReply): number => {
  const { socket } = response;
  return sendHalf(response, reply, () => {
    socket?.end();
  });
};

/** Refusals that belong to no service: nobody to ask how an error should look. */
export const plainRefusal = (status: number, type: string, message: string): ServiceReply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message }),
});
