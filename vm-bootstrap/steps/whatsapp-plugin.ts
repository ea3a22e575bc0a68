/**
 * WhatsApp's plugin, installed as OpenClaw's own `plugins install` would have done it, from
 * the image and without a network.
 *
 * A plugin from `plugins.load.paths` pairs, but may not receive messages ("only available for
 * trusted plugins": docs/cli/plugins/install.md). Trusted is what lies in an npm project of
 * OpenClaw's under the state directory; OpenClaw finds such projects by itself and writes
 * their records (installed-plugin-index-record-reader, 2026.9.6). The packages stay in the
 * image, where the agent cannot write and a new image replaces them.
 */

import { dirname } from 'node:path';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { usesWhatsappPlugin } from '../core/openclaw-config.ts';
import type { Host } from '../host.ts';
import type { Context, Step } from './step.ts';

const PACKAGE = '@openclaw/whatsapp';

const manifestPath = (layout: Layout): string => `${layout.whatsappProject}/package.json`;
const packagesPath = (layout: Layout): string => `${layout.whatsappProject}/node_modules`;

function manifest(host: Host, layout: Layout): string {
  const text = host.read(`${layout.openclawPackages}/${PACKAGE}/package.json`);
  const { version } = JSON.parse(text ?? '{}') as { version?: string };
  return `${JSON.stringify({ private: true, dependencies: { [PACKAGE]: version } }, null, 2)}\n`;
}

export const whatsappPlugin: Step<Context> = {
  name: 'whatsapp plugin',
  check({ host, layout, config }) {
    const agents = host.as(GATEWAY_USER);
    return (
      !usesWhatsappPlugin(config) ||
      (agents.readLink(packagesPath(layout)) === layout.openclawPackages &&
        agents.read(manifestPath(layout)) === manifest(host, layout))
    );
  },
  apply({ host, layout }) {
    const agents = host.as(GATEWAY_USER);
    const projects = dirname(layout.whatsappProject);
    for (const directory of [dirname(projects), projects, layout.whatsappProject]) {
      agents.makeDirectory(directory, { mode: 0o700 });
    }
    agents.link(layout.openclawPackages, packagesPath(layout));
    agents.write(manifestPath(layout), manifest(host, layout), { mode: 0o600 });
  },
};
