/**
 * The certificate chain that a WhatsApp client wants to see in the Noise handshake.
 *
 * A client checks that WhatsApp's long-term key signed the chain, but not that the chain
 * belongs to the key of the server it talks to: any server may show it.
 * From @openclaw/crabline (MIT, Copyright (c) 2026 openclaw).
 */
export const CERTIFICATE_CHAIN = Buffer.from(
  'CncKMwjjAhADGiCRKg7Kg1iu4CSulwLBaxX51Tefw6VXGgZqcr5OEbXIRiDQ04bOBijQjZ/TBhJA34Bj82jAHhLpCWBNVBlGnFDieamd8+138S57uMt9' +
    'ke9mrn5r4+VepwBPKEgHjob6bR70rlCmWDkxZv+CfVjIAxJ2CjIIAxAAGiAcUamsMDmUxsjQuS6hh4pTNHZZnMWZ++o1mX2aqQzOYiCAka6+Bij/3rfc' +
    'BhJAJw8pRkhTn+1IcOJQVN1OlZg6uikYnCumyO7acFVVX3U3QPXsGSq2TCbCbWrebSC593Su43EgprIDlfU8ZgWFBw==',
  'base64',
);
