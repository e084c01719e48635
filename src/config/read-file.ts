import { open, stat } from 'node:fs/promises';

/** Why a file gives no text. `detail` is the system's code, such as `EACCES`. */
export type Unreadable =
  | { readonly error: 'missing' | 'not-a-file' | 'too-large' | 'not-text' }
  | { readonly error: 'unreadable'; readonly detail: string };

/**
 * Reads a text file that somebody named: it may be anything. A device, a pipe or a folder is not opened, no more than
 * `mostBytes` is read whatever its size is said to be (files of /proc say 0), and what is no UTF-8, or holds NUL, is no text.
 * Never throws, and what is in the file is in no message.
 */
export async function readTextFile(
  absolute: string,
  mostBytes: number,
): Promise<{ readonly text: string } | Unreadable> {
  try {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    const stats = await stat(absolute);
    if (!stats.isFile()) return { error: 'not-a-file' };
    if (stats.size > mostBytes) return { error: 'too-large' };
    const bytes = await readBytes(absolute, mostBytes + 1);
    if (bytes.length > mostBytes) return { error: 'too-large' };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // UTF-16 without a mark is UTF-8 with a NUL behind each letter.
    return text.includes('\0') ? { error: 'not-text' } : { text };
  } catch (error) {
    return failureOf(error);
  }
}

async function readBytes(absolute: string, most: number): Promise<Uint8Array> {
  const file = await open(absolute);
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < most) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(most - length, 1024 * 1024)));
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}

function failureOf(error: unknown): Unreadable {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  // ENOTDIR: a part of the path is a file, so what is behind it does not exist.
  if (code === 'ENOENT' || code === 'ENOTDIR') return { error: 'missing' };
  if (code === 'EISDIR') return { error: 'not-a-file' };
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { error: 'not-text' };
  return { error: 'unreadable', detail: code };
}
