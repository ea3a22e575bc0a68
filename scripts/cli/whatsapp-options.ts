/** Options of `provision` and `update` that go into the request's `whatsapp`. */

export const ASK_PHONE =
  'notice a WhatsApp connection that delivers nothing within so many minutes, 2 to 60, by asking the phone';

/** A number when it is one; else as typed, for the plane to explain. */
export const numberOr = (text: string): number | string =>
  Number.isNaN(Number(text)) ? text : Number(text);

/** @param askPhone minutes as typed; false takes the setting away */
export const whatsappBody = (mode?: string, askPhone?: string | false): object => ({
  ...(mode && { mode }),
  ...(askPhone !== undefined && { askPhone: askPhone === false ? null : numberOr(askPhone) }),
});
