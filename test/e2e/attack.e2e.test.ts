/**
 * Attacks from inside agent A's VM: as the gateway's user, in the gateway's sandbox, through the
 * model's own tool, at the broker, and as root with A's identity. Each is refused.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inBothHeaders } from '../../local/google/cloud-run.ts';
import { spokenTurns } from '../../local/model/conversation.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { attemptAll, type Result } from './support/attack/attempt.ts';
import { ASKED_OF_GOOGLE, askAsRoot } from './support/attack/of-root.ts';
import { attemptsOfUser } from './support/attack/of-the-user.ts';
import { BAD_LINES, sayToBroker } from './support/attack/on-the-broker.ts';
import { METADATA, SETTLED } from './support/machine.ts';
import { canRun, MINUTE, openStage, type Stage, until } from './support/stage.ts';

const ALLISON = { user: 'allison@nine30.com', userPhone: '+15559871234' };
const BO = { user: 'bo@nine30.com', userPhone: '+15557654321' };
const KEYS = ['sk-ant-local-attack-one-0123456789', 'sk-ant-local-attack-two-0123456789'] as const;
const OWN = `/v1/projects/${LOCAL.project.id}/secrets/agent-allison-api-key`;
const AGENT_A = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const SHARED_KEY = 'sk-ant-local-attack-shared-0123';
const FLAVOR = `-H 'Metadata-Flavor: Google'`;

/** Stops the first broker that there is, and prints its number; nothing while there is none. */
const HOLD_BROKER =
  'systemctl list-units --plain --no-legend "agents-plane-broker@*" | cut -d" " -f1 | ' +
  'xargs -r systemctl show -P MainPID | grep -v "^0$" | head -n 1 | ' +
  'xargs -r -I{} sh -c "kill -STOP {}; echo {}"';

const host = await canRun('nspawn');

(host.can ? describe : describe.skip)(
  host.can ? 'an attacker in a VM' : `an attacker in a VM (skipped: ${host.why})`,
  () => {
    let stage: Stage;
    let count = 0;
    const out = (script: string, user?: string): Promise<string> =>
      stage.out('allison', script, { timeoutMs: 2 * MINUTE, ...(user && { user }) });
    const mainPid = (unit: string): Promise<string> => out(`systemctl show -P MainPID ${unit}`);
    const versions = async (): Promise<string[]> => {
      const { body } = await stage.google('GET', `${OWN}/versions`);
      return ((body as { versions?: { state: string }[] }).versions ?? []).map(
        ({ state }) => state,
      );
    };
    /** Refusals that the plane's functions have written down. */
    const refusals = async (target: string): Promise<{ what: string; outcome: string }[]> => {
      const text = await readFile(join(stage.plane.logDir, `function-${target}.log`), 'utf8');
      return text
        .split('\n')
        .filter((line) => line.includes('"audit":"refusal"'))
        .map((line) => JSON.parse(line).audit);
    };

    beforeAll(async () => {
      stage = await openStage({ kind: 'nspawn', sharedKey: SHARED_KEY });
      for (const key of KEYS) stage.plane.acceptedKeys.add(key);
      await stage.api('POST', '/v1/agents', ALLISON);
      await stage.follow('allison', 'ready');
      // B needs a VM, and no gateway: it is given a program that it refuses to run.
      const object = `/upload/storage/v1/b/${LOCAL.bucket}/o?uploadType=media&name=vm%2Fagent.mjs`;
      await stage.google('POST', object, { not: 'the bundle' });
      await stage.api('POST', '/v1/agents', BO);
      await stage.follow('bo', 'failed');
      await out(SETTLED);
    }, 10 * MINUTE);

    afterAll(() => stage?.close(), MINUTE);

    describe('as the gateway’s user', () => {
      /** Processes of every other user, held still: the broker and fetch-key live for moments. */
      const holdProcesses = async (): Promise<Record<string, string>> => {
        await out(
          'ip -6 addr add fd20:ce::254/128 dev lo; systemd-run --quiet --unit=six ' +
            'systemd-socket-activate --listen [fd20:ce::254]:80 --accept --inetd ' +
            // The request is read first: what is closed with something unread is reset.
            `sh -c 'sed -u "/^.$/q" >/dev/null; printf "HTTP/1.0 200 OK\\r\\n\\r\\n"'`,
        );
        await out(
          'systemd-run --quiet --unit=caller --uid=openclaw node -e ' +
            `"require('net').connect('/run/agents-plane/broker.sock'); setInterval(() => {}, 1e9)"`,
        );
        const broker = await until('a broker', async () => (await out(HOLD_BROKER)) || undefined);
        await out(
          'systemd-run --quiet --unit=fetching /usr/local/bin/agent fetch-key; ' +
            'systemctl kill --signal=STOP fetching',
        );
        return {
          'the broker': broker,
          'fetch-key': await mainPid('fetching'),
          'the meter': await mainPid('agents-plane-meter'),
          'the pairing': await mainPid('agents-plane-pairing'),
          'the watch': await mainPid('agents-plane-watch'),
          'the journal': await mainPid('systemd-journald'),
          systemd: '1',
        };
      };
      const release = () =>
        out(
          'systemctl kill --signal=KILL fetching; systemctl stop caller six; ' +
            'systemctl kill --signal=KILL "agents-plane-broker@*"; systemctl reset-failed; ip -6 addr del fd20:ce::254/128 dev lo',
        );

      test(
        'nothing of what is not its own can be read, written, traced, reached or had done',
        async () => {
          const attempts = attemptsOfUser(await holdProcesses());
          const before = await versions();
          const of = (results: readonly Result[], fits: (result: Result) => boolean) =>
            attempts
              .map(({ what, noControl }, at) => ({ what, noControl, result: results[at] }))
              .filter(({ result }) => result && fits(result));
          const succeeded = (results: readonly Result[]) =>
            of(results, ({ code }) => code === 0 || code === 124).map(({ what }) => what);
          try {
            expect(succeeded(await attemptAll(stage, 'allison', 'openclaw', attempts))).toEqual([]);
            expect(succeeded(await attemptAll(stage, 'allison', 'sandbox', attempts))).toEqual([]);
            // The same by root works, so it was not the script that failed.
            const root = attempts.filter(({ noControl }) => !noControl);
            const done = await attemptAll(stage, 'allison', 'root', root);
            expect(root.filter((_, at) => done[at]?.code !== 0).map(({ what }) => what)).toEqual(
              [],
            );
          } finally {
            await release();
          }
          expect(await versions()).toEqual(before);
          count += 2 * attempts.length;
          const walls = Object.entries(Object.groupBy(attempts, ({ by }) => by));
          for (const [by, some] of walls)
            process.stdout.write(`refused by ${by}: ${some?.map(({ what }) => what).join('; ')}\n`);
        },
        8 * MINUTE,
      );

      test('what listens on the machine is its own, or a socket that it may not open', async () => {
        const listening = await out('ss -ltunH | wc -l; ss -ltunpH | grep -c openclaw');
        const [all, own] = listening.split('\n');
        expect(all).toBe(own);
      });

      test(
        'through the model’s own tool: no more than that',
        async () => {
          const command =
            `curl -s -m 5 -o /dev/null -w 'token %{http_code}' ${FLAVOR} ${METADATA}/instance/service-accounts/default/token; ` +
            'cat /var/lib/agents-plane/state/gateway-token >/dev/null 2>&1; echo " file $?"; ' +
            'systemctl stop agents-plane-metadata-guard >/dev/null 2>&1; echo "guard $?"; ' +
            'id -un';
          const remove = stage.plane.model.script((request) => {
            const last = spokenTurns(request).at(-1);
            const asked = last?.role === 'user' && last.text.includes('attack yourself');
            return asked ? { name: 'exec', input: { command } } : undefined;
          });
          const said = await out('agent ask "attack yourself"');
          remove();
          expect(said).toMatch(/token 000 file [1-9]\d*\s+guard [1-9]\d*\s+openclaw/);
          count += 3;
        },
        3 * MINUTE,
      );
    });

    describe('at the broker', () => {
      test(
        'lines that are no requests are refused, one like the other',
        async () => {
          const before = await versions();
          const answers = await sayToBroker(
            stage,
            'allison',
            BAD_LINES.map(([, text]) => text),
          );
          const passed = BAD_LINES.filter((_, at) => JSON.parse(answers[at] ?? '').ok !== false);
          expect(passed.map(([what]) => what)).toEqual([]);
          expect(answers.join()).not.toContain('sk-ant');
          expect(await versions()).toEqual(before);
          count += BAD_LINES.length;
        },
        3 * MINUTE,
      );

      test.each(['nobody', 'agents-plane', 'agents-plane-pair', 'agents-plane-bridge'])(
        '%s is not let in',
        async (user) => {
          expect(await sayToBroker(stage, 'allison', ['{}\n'], { user })).toEqual(['EACCES']);
          count += 1;
        },
        MINUTE,
      );

      test(
        'up to ten thousand connections, eight of them silent: it serves the next',
        async () => {
          const options = { floodMs: 10_000 };
          const [opened, ...held] = await sayToBroker(stage, 'allison', [], options);
          process.stdout.write(`${opened} connections to the broker in 10 s at most\n`);
          expect(held).toHaveLength(8);
          expect(await out('agent channel list', 'openclaw')).toContain('whatsapp');
          const limit = 'systemctl show -P TriggerLimitIntervalUSec agents-plane-broker.socket';
          expect(await out(limit)).toBe('0');
          count += 1;
        },
        4 * MINUTE,
      );

      test(
        'two keys at once: both are taken, the newest stays, none is lost',
        async () => {
          const both = await Promise.all(
            KEYS.map((stdin) =>
              stage.sh('allison', 'agent store-key', {
                user: 'openclaw',
                stdin,
                timeoutMs: 3 * MINUTE,
              }),
            ),
          );
          expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
            [0, ''],
            [0, ''],
          ]);
          expect((await versions()).filter((state) => state === 'ENABLED')).toHaveLength(1);
          expect((await versions())[0]).toBe('ENABLED');
          count += 1;
        },
        4 * MINUTE,
      );
    });

    describe('as root, with A’s identity', () => {
      test(
        'Google refuses what is not A’s, and writes it down',
        async () => {
          const entries = () =>
            stage.plane.google.logging.entries() as readonly {
              protoPayload?: {
                resourceName: string;
                authenticationInfo: { principalEmail: string };
              };
            }[];
          const mark = entries().length;
          const statuses = (await out(askAsRoot(ASKED_OF_GOOGLE))).split('\n');
          const refused = ASKED_OF_GOOGLE.map(([what], at) => [what, statuses[at]]);
          expect(refused).toEqual(ASKED_OF_GOOGLE.map(([what]) => [what, '403']));
          const lines = entries()
            .slice(mark)
            .flatMap(({ protoPayload }) => protoPayload ?? [])
            .filter(({ authenticationInfo }) => authenticationInfo.principalEmail === AGENT_A)
            // fetch-key asks for channels that this agent never had: Google answers that like this, too.
            .filter(({ resourceName }) => !resourceName.includes('/agent-allison-channels/'));
          expect(lines).toHaveLength(ASKED_OF_GOOGLE.length);
          const own = [['own', 'GET', ASKED_OF_GOOGLE[0]?.[2].replace('-bo-', '-allison-') ?? '']];
          expect(await out(askAsRoot(own as never))).toBe('200');
          const forged = await out(askAsRoot(ASKED_OF_GOOGLE.slice(0, 4), 'ya29.forged'));
          expect(forged.split('\n')).toEqual(['401', '401', '401', '401']);
          count += ASKED_OF_GOOGLE.length + 4;
        },
        3 * MINUTE,
      );

      test(
        'the plane refuses tokens that are not for it, forged ones and another’s, and writes it down',
        async () => {
          const identity = (vm: string, audience: string): Promise<string> =>
            stage.out(
              vm,
              `curl -sSf ${FLAVOR} '${METADATA}/instance/service-accounts/default/identity?audience=${audience}&format=full'`,
            );
          const { vmUrl } = stage.plane;
          const own = await identity('allison', vmUrl);
          const parts = own.split('.');
          const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString());
          const encode = (value: object) =>
            Buffer.from(JSON.stringify(value)).toString('base64url');
          const asB = encode({ ...claims, email: claims.email.replace('allison', 'bo') });
          const forApi = await identity('allison', stage.plane.apiUrl);
          const tokens = [
            forApi,
            [parts[0], asB, parts[2]].join('.'),
            `${encode({ alg: 'none' })}.${asB}.`,
            [parts[0], parts[1], 'AAAA'].join('.'),
          ];
          const ask = (stdin: string) =>
            stage.out(
              'allison',
              `while read -r token; do curl -sS -m 30 -o /dev/null -w '%{http_code}\\n' -H "authorization: Bearer $token" -H "x-serverless-authorization: Bearer $token" -H 'content-type: application/json' -d '{"limit":1}' ${vmUrl}/v1/self/mail/inbox; done`,
              { stdin },
            );
          const before = (await refusals('vm')).length;
          expect(await ask(`${own}\n`)).toBe('200');
          expect((await ask(`${tokens.join('\n')}\n`)).split('\n')).toEqual(
            tokens.map(() => '401'),
          );
          expect((await refusals('vm')).slice(before)).toEqual(
            tokens.map(() =>
              expect.objectContaining({ what: 'listInbox', outcome: 'UNAUTHENTICATED' }),
            ),
          );
          const admin = (await refusals('api')).length;
          for (const [token, status] of [
            [own, 401],
            [forApi, 403],
          ] as const) {
            const answer = await fetch(`${stage.plane.apiUrl}/v1/agents`, {
              method: 'POST',
              headers: { ...inBothHeaders(token), 'content-type': 'application/json' },
              body: JSON.stringify({ ...ALLISON, budget: 9999 }),
            });
            expect(answer.status).toBe(status);
          }
          expect((await refusals('api')).slice(admin)).toHaveLength(2);
          count += tokens.length + 2;
        },
        3 * MINUTE,
      );

      test(
        'with B’s address on its own interface, the metadata server does not take it for B',
        async () => {
          const path = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-bo`;
          const { body } = await stage.google('GET', path);
          const address = (body as { networkInterfaces: { networkIP: string }[] })
            .networkInterfaces[0]?.networkIP;
          const name = `curl -sS -m 4 ${FLAVOR} ${METADATA}/instance/name`;
          expect(await stage.out('bo', name)).toBe('agent-bo');
          expect(await out(name)).toBe('agent-allison');
          const as = `ip addr add ${address}/32 dev lo; ${name} --interface ${address} 2>/dev/null; echo " $?"; ip addr del ${address}/32 dev lo`;
          expect(await out(as)).toMatch(/^(7|28)$/);
          count += 1;
        },
        MINUTE,
      );
    });

    test('they were this many', () => {
      process.stdout.write(`${count} attempts from inside a VM, each refused\n`);
      expect(count).toBeGreaterThanOrEqual(200);
    });
  },
);
