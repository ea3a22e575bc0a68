/**
 * The plugins of WhatsApp and of added channels, installed as OpenClaw's own `plugins install`
 * would have done it, from the image and without a network.
 *
 * A plugin from `plugins.load.paths` pairs, but may not receive messages ("only available for
 * trusted plugins": docs/cli/plugins/install.md). Trusted is what lies in an npm project of
 * OpenClaw's under the state directory; OpenClaw finds such projects by itself and writes
 * their records (installed-plugin-index-record-reader, 2026.9.6). The packages stay in the
 * image, where the agent cannot write and a new image replaces them.
 */

import { dirname, join } from 'node:path';
import { PlaneError } from '../../contracts/plane-error.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import {
  PLUGIN_PROJECTS,
  type PluginChannel,
  pluginChannels,
  pluginPackage,
} from '../core/plugin-projects.ts';
import type { Host } from '../host.ts';
import type { Context, Step } from './step.ts';

interface Project {
  readonly directory: string;
  readonly manifestPath: string;
  readonly packagesPath: string;
  readonly manifest: string;
}

/** @throws PlaneError FAILED_PRECONDITION when the image does not have the plugin */
function projectOf(host: Host, layout: Layout, channel: PluginChannel): Project {
  const name = pluginPackage(channel);
  const text = host.read(`${layout.openclawPackages}/${name}/package.json`);
  if (text === undefined) {
    throw new PlaneError('FAILED_PRECONDITION', `This machine's image has no plugin ${name}.`);
  }
  const { version } = JSON.parse(text) as { version?: string };
  const directory = join(layout.state, PLUGIN_PROJECTS[channel]);
  return {
    directory,
    manifestPath: `${directory}/package.json`,
    packagesPath: `${directory}/node_modules`,
    manifest: `${JSON.stringify({ private: true, dependencies: { [name]: version } }, null, 2)}\n`,
  };
}

const projectsOf = ({ host, layout, config, channels, ahead }: Context): Project[] =>
  pluginChannels(config, channels, ahead).map((channel) => projectOf(host, layout, channel));

export const channelPlugins: Step<Context> = {
  name: 'channel plugins',
  check(context) {
    const { host, layout } = context;
    const agents = host.as(GATEWAY_USER);
    return projectsOf(context).every(
      ({ packagesPath, manifestPath, manifest }) =>
        agents.readLink(packagesPath) === layout.openclawPackages &&
        agents.read(manifestPath) === manifest,
    );
  },
  apply(context) {
    const { host, layout } = context;
    const agents = host.as(GATEWAY_USER);
    for (const { directory, packagesPath, manifestPath, manifest } of projectsOf(context)) {
      const projects = dirname(directory);
      for (const each of [dirname(projects), projects, directory]) {
        agents.makeDirectory(each, { mode: 0o700 });
      }
      agents.link(layout.openclawPackages, packagesPath);
      agents.write(manifestPath, manifest, { mode: 0o600 });
    }
  },
};
