import type { GoogleError } from './errors.js';

/** An answer as Google's APIs write it. */
export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body, null, 2)}\n`, {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  });
}

/** An error as Google's APIs write it. */
export function errorAnswer(error: GoogleError, headers: Record<string, string> = {}): Response {
  return jsonAnswer(error.httpStatus, error.envelope(), headers);
}

/** A page of Google's front end, which stands before the APIs and speaks HTML only. */
export function pageAnswer(status: number, title: string, text: string): Response {
  const page = `<!DOCTYPE html>\n<html lang=en>\n<title>${title}</title>\n<p><b>${status}.</b> ${text}\n`;
  return new Response(page, { status, headers: { 'content-type': 'text/html; charset=UTF-8' } });
}
