/** The pairing page, rendered with what it shows at this moment: it works without its script, too. */

import { createHash } from 'node:crypto';
import Mustache from 'mustache';
import type { WhatsappMode } from '../../contracts/config-document.ts';
import type { WrongPhone } from '../../contracts/pairing.ts';
import type { PairingView } from '../../contracts/pairing-page.ts';
import { LINK_LIFETIME_DAYS } from './pairing-link.ts';

/** Contents of templates/plane/pages/. */
export interface PageTemplates {
  readonly html: string;
  readonly style: string;
  readonly script: string;
}

/** Where something went wrong on our side, there is no view to show. */
export type Shown = PairingView | { readonly state: 'trouble' };

/** What of a page does not change while it is open. */
export interface Visitor {
  /** The request that this visitor (without script) has made. */
  readonly asked?: string | undefined;
  /** Of the agent, which says where to talk; undefined where that is not known. */
  readonly mode?: WhatsappMode | undefined;
}

export interface Pages {
  render(view: Shown, visitor: Visitor): string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One transparent pixel, while there is no code. */
const NO_PICTURE = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

const sha256 = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** What runs and what is loaded is what stands in the page itself, and no referrer tells the link. */
const headersFor = ({ style, script }: PageTemplates): Record<string, string> => ({
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${sha256(style)}`,
    `script-src ${sha256(script)}`,
    'img-src data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
});

/** The class in pairing.css; pairing.js chooses in the same way. */
function screenOf(view: Shown, asked: string | undefined): string {
  if (view.state === 'asleep' || view.state === 'dead') return `${view.state}-${view.why}`;
  if (view.state === 'same') return 'code';
  return view.state === 'idle' && asked ? 'ended' : view.state;
}

interface Refresh {
  readonly seconds: number;
  readonly url?: string;
}

/** How a browser without script goes on. */
function refreshOf(view: Shown, asked = ''): Refresh | undefined {
  const again = asked && `?asked=${asked}`;
  switch (view.state) {
    case 'idle':
      // Asking takes this one step that a program which merely looks at links does not take.
      return asked ? undefined : { seconds: 1, url: '?start=now' };
    case 'working':
      return { seconds: 3, url: again };
    case 'code':
    case 'same':
      return { seconds: Math.min(Math.ceil(view.leftMs / 1000) + 1, 10), url: again };
    case 'paused':
      return { seconds: Math.min(Math.ceil(view.leftMs / 1000) + 1, 60) };
    case 'asleep':
    case 'trouble':
      return { seconds: 10 };
    default:
      return undefined;
  }
}

/** A pause can be a day long. The browser's time zone is not known here; the script shows it in that. */
function retryText(view: Shown): string {
  if (view.state !== 'paused') return '';
  const { retryAt, leftMs } = view;
  const now = new Date(Date.parse(retryAt) - leftMs).toISOString();
  const day = { weekday: 'long', timeZone: 'UTC' } as const;
  const later = now.slice(0, 10) !== retryAt.slice(0, 10);
  const date = later ? `${new Date(retryAt).toLocaleDateString('en-GB', day)}, ` : '';
  return `${date}${retryAt.slice(11, 16)} UTC`;
}

const wrongPhoneOf = (view: Shown): WrongPhone | undefined =>
  'wrongPhone' in view ? view.wrongPhone : undefined;

export function createPages(templates: PageTemplates): Pages {
  const style = `<style>${templates.style}</style>`;
  const script = `<script type="module">${templates.script}</script>`;
  return {
    headers: headersFor(templates),
    render: (view, { asked, mode = '' }) =>
      Mustache.render(templates.html, {
        style,
        script,
        screen: screenOf(view, asked),
        mode,
        linkDays: LINK_LIFETIME_DAYS,
        data: JSON.stringify(view),
        refresh: refreshOf(view, asked),
        qr: view.state === 'code' ? view.qr : NO_PICTURE,
        leftS: view.state === 'code' ? Math.round(view.leftMs / 1000) : 0,
        wrongPhone: wrongPhoneOf(view),
        retryAt: view.state === 'paused' ? view.retryAt : '',
        retryText: retryText(view),
      }),
  };
}
