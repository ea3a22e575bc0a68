/** Mails that the local plane's Gmail has sent, as their receivers' programs read them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';

/** Every mail to that address. */
export async function mailsTo(mailDir: string, address: string): Promise<Email[]> {
  const files = (await readdir(mailDir)).filter((file) => file.endsWith('.eml'));
  const mails = await Promise.all(
    files.map(async (file) => PostalMime.parse(await readFile(join(mailDir, file)))),
  );
  return mails.filter((mail) => mail.to?.some((each) => each.address === address));
}
