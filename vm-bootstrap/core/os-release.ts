/** os-release(5): shell-like assignments. */

const PRETTY = /^PRETTY_NAME=(["']?)(.*)\1$/m;

/** PRETTY_NAME of an os-release text; `Linux`, as the document says, when it has none. */
export const osName = (text: string): string => PRETTY.exec(text)?.[2] || 'Linux';
