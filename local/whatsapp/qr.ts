/** A phone's camera: reads the code off a picture. */

import jsqr from 'jsqr';
import { PNG } from 'pngjs';
import { PlaneError } from '../../contracts/errors.ts';

const PNG_URL = 'data:image/png;base64,';

/**
 * @param shown what is on the screen: a `data:image/png` URL, or the code's text itself
 * @throws PlaneError INVALID_ARGUMENT
 */
export function readShown(shown: string): string {
  if (!shown.startsWith(PNG_URL)) return shown;
  const picture = PNG.sync.read(Buffer.from(shown.slice(PNG_URL.length), 'base64'));
  const pixels = new Uint8ClampedArray(picture.data);
  const found = jsqr.default(pixels, picture.width, picture.height);
  if (!found) throw new PlaneError('INVALID_ARGUMENT', 'There is no QR code in the picture');
  return found.data;
}
