/**
 * Function `pages`, open to everybody: the pairing page, which a signed link protects, and the
 * webhooks of business numbers, which Meta signs (http/webhooks.ts).
 */

import { z } from 'zod';
import type { PlaneError } from '../../contracts/errors.ts';
import { type PairingView, pairingView } from '../../contracts/pairing-page.ts';
import type { Pages } from '../core/pages.ts';
import type { PageTools, Visit } from '../service/pairing.ts';
import { HEALTH } from './api.ts';
import type { Answer } from './reply.ts';
import type { Call, Route } from './router.ts';
import { type WebhookParts, webhookRoutes } from './webhooks.ts';

type PairingModule = typeof import('../service/pairing.ts');

export interface PageParts extends WebhookParts {
  /** The service and what it works with; made at the first call that needs them. */
  readonly pairing: () => Promise<{ readonly service: PairingModule; readonly tools: PageTools }>;
  readonly pages: Pages;
}

/** A link that has done its work, or has run out, is gone; one that never was is not there. */
function statusOf(view: PairingView): number {
  if (view.state === 'connected') return 410;
  if (view.state !== 'dead') return 200;
  return view.why === 'unknown' ? 404 : 410;
}

const forPerson = (
  pages: Pages,
  { view, agent, mode }: Visit,
  asked: string | undefined,
): Answer => ({
  status: statusOf(view),
  body: pages.render(view, { asked, mode }),
  headers: pages.headers,
  refused: view.state === 'dead',
  ...(agent === undefined ? {} : { agent }),
});

const forScript = ({ view, agent }: Visit): Answer => ({
  status: statusOf(view),
  body: view,
  refused: view.state === 'dead',
  ...(agent === undefined ? {} : { agent }),
});

const html = { 200: { description: 'The page', schema: z.string() } };
const json = { 200: { description: 'What to show', schema: pairingView } };
const asked = {
  schema: z.string().regex(/^[\w-]{1,40}$/),
  description: 'the request for a code that this visitor has made',
  fix: 'open the link from the mail once more',
};
const query = {
  start: {
    schema: z.literal('now'),
    description: 'now asks for a code (without script)',
    fix: 'give now, or leave it out',
  },
  asked,
};
/** RFC 3339, as it came with the code. */
const code = {
  schema: z.iso.datetime(),
  description: 'the code that is shown',
  fix: 'give it as it came with the code',
};

/** Somebody else's request was under way. */
const JOINED = '0';

async function getPage({ pairing, pages }: PageParts, { params, query }: Call): Promise<Answer> {
  const { service, tools } = await pairing();
  const token = params.token ?? '';
  if (query.get('start') === null) {
    const known = { asked: query.get('asked') ?? undefined };
    return forPerson(pages, await service.visit(tools, token, known), known.asked);
  }
  const visit = await service.askForCode(tools, token);
  const request = (visit.view.state === 'working' && visit.view.request) || JOINED;
  const shown = forPerson(pages, visit, request);
  // Away from this address, so that reloading the page does not ask again.
  return shown.status === 200
    ? { ...shown, status: 303, headers: { ...shown.headers, location: `?asked=${request}` } }
    : shown;
}

export function pageRoutes(parts: PageParts): readonly Route[] {
  const path = '/pair/{token}';
  return [
    {
      method: 'GET',
      path,
      id: 'pairingPage',
      summary: 'The page that shows the code to scan.',
      behindLink: true,
      isChange: (given) => given.get('start') !== null,
      query,
      answers: html,
      handle: (call) => getPage(parts, call),
    },
    {
      method: 'GET',
      path: `${path}/state`,
      id: 'pairingState',
      summary: 'What the page is to show now. Changes nothing.',
      behindLink: true,
      query: { code, asked },
      answers: json,
      handle: async ({ params, query: given }) => {
        const { service, tools } = await parts.pairing();
        const known = {
          code: given.get('code') ?? undefined,
          asked: given.get('asked') ?? undefined,
        };
        return forScript(await service.visit(tools, params.token ?? '', known));
      },
    },
    {
      method: 'POST',
      path: `${path}/request`,
      id: 'requestCode',
      summary: 'Ask for a code, unless one is there or on its way.',
      behindLink: true,
      answers: json,
      handle: async ({ params }) => {
        const { service, tools } = await parts.pairing();
        return forScript(await service.askForCode(tools, params.token ?? ''));
      },
    },
    ...webhookRoutes(parts),
    HEALTH,
  ];
}

const OURS: ReadonlySet<PlaneError['code']> = new Set([
  ...(['INTERNAL', 'UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED'] as const),
  ...(['RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION'] as const),
]);

/** The same answer for people. */
export function errorPage(pages: Pages, error: PlaneError, answer: Answer): Answer {
  const view = OURS.has(error.code)
    ? ({ state: 'trouble' } as const)
    : ({ state: 'dead', why: 'unknown' } as const);
  return {
    ...answer,
    body: pages.render(view, {}),
    headers: { ...answer.headers, ...pages.headers },
  };
}
