/** The welcome mail: asked for once in the agent's life; the plane remembers it too. */

import { VM_API_PATHS, welcomeAnswer } from '../../contracts/vm-api.ts';
import { callPlane } from '../google/plane.ts';
import type { Context, Step } from './step.ts';

export const welcome: Step<Context> = {
  name: 'welcome mail',
  check: ({ host, layout }) => host.exists(layout.welcomeMark),
  async apply({ host, layout, facts }) {
    const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.welcome);
    const { sent } = welcomeAnswer.parse(answer);
    // The plane sends it when the number is linked. Until then every boot asks again, and every
    // change that the VM is told of: a business number that was connected is one.
    if (sent === 'not-yet') return;
    host.write(layout.welcomeMark, `${sent}\n`, { mode: 0o600 });
  },
};
