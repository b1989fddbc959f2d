import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const FORMAT = /^sealed1\.([A-Za-z0-9_-]+)$/;
/** Bytes; of AES-256-GCM. */
const [IV, TAG, KEY] = [12, 16, 32];

/** @param secret what the operator has set, at least 32 characters */
export function sealingKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'nooble', 'agent headers', KEY));
}

/**
 * A text that only the holder of the key can read, and only with the same binding.
 *
 * @param binding what the text belongs to; it is not in the result
 */
export function seal(text: string, key: Buffer, binding: string): string {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG }).setAAD(Buffer.from(binding));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `sealed1.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

/** @returns undefined for what this key and this binding did not seal */
export function unseal(sealed: string, key: Buffer, binding: string): string | undefined {
  const bytes = Buffer.from(FORMAT.exec(sealed)?.[1] ?? '', 'base64url');
  if (bytes.length < IV + TAG) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV), { authTagLength: TAG }).setAAD(Buffer.from(binding)).setAuthTag(bytes.subarray(IV, IV + TAG));
    return decipher.update(bytes.subarray(IV + TAG), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}
