/** What a VM's call does to its agent, seen where it is done: for the audit line. */

import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { type AuditChange, changeBetween, type Facets } from '../core/audit.ts';
import { facetsOfNotes } from '../core/self-audit.ts';
import type { SelfTools } from './caller.ts';
import type { Secrets } from './ports.ts';

export interface Witness {
  readonly tools: SelfTools;
  /** Only what differs; of what was made or sent, that it was. */
  readonly change: () => AuditChange;
}

type Notes = Readonly<Record<string, string>>;

/** The same tools; what changes something is noted when it has come about. */
export function witnessed(tools: SelfTools, name: AgentName): Witness {
  const { secrets, mailer, mailbox, backups } = tools;
  const seen: { read?: Notes; before?: Notes; after?: Notes } = {};
  const done: Record<string, string | number> = {};
  const count = (what: string): void => {
    done[what] = Number(done[what] ?? 0) + 1;
  };
  const noticed: Pick<Secrets, 'get' | 'annotate' | 'create' | 'setPolicy'> = {
    get: async (id) => {
      const secret = await secrets.get(id);
      if (secret && id === configSecretId(name)) seen.read = secret.annotations;
      return secret;
    },
    annotate: async (id, annotations, etag) => {
      await secrets.annotate(id, annotations, etag);
      if (id !== configSecretId(name)) return;
      seen.before ??= seen.read ?? {};
      seen.after = annotations;
    },
    create: async (id, ...rest) => {
      await secrets.create(id, ...rest);
      done.created = id;
    },
    setPolicy: async (id, policy) => {
      await secrets.setPolicy(id, policy);
      done.rights = id;
    },
  };
  const binned = async (run: Promise<boolean>): Promise<boolean> => {
    const found = await run;
    if (found) count('mailsBinned');
    return found;
  };
  return {
    tools: {
      ...tools,
      secrets: { ...secrets, ...noticed },
      mailer: {
        ...mailer,
        send: async (message) => {
          const id = await mailer.send(message);
          count('mailsSent');
          return id;
        },
        deliver: async (message) => {
          await mailer.deliver(message);
          count('mailsSent');
        },
      },
      mailbox: {
        ...mailbox,
        trash: (...asked) => binned(mailbox.trash(...asked)),
        forgetReply: (...asked) => binned(mailbox.forgetReply(...asked)),
      },
      backups: {
        ...backups,
        save: async (agent, data) => {
          await backups.save(agent, data);
          done.backupBytes = data.length;
        },
      },
    },
    change: () => {
      const facets = (notes: Notes | undefined): Facets => (notes ? facetsOfNotes(notes) : {});
      const { before, after } = changeBetween(facets(seen.before), facets(seen.after));
      return { before, after: { ...after, ...done } };
    },
  };
}
