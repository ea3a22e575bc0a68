/** What the gateway's user tries on its own machine. */

import { STATE } from '../machine.ts';
import type { Attempt } from './attempt.ts';

const V1 = 'computeMetadata/v1';
const TOKEN = `${V1}/instance/service-accounts/default/token`;
const FLAVOR = `-H 'Metadata-Flavor: Google'`;
const CURL = `curl -sSf -m 5 -o /dev/null ${FLAVOR}`;
const GUARD = 'nftables, by user';

const metadata = (what: string, url: string, options = ''): Attempt => ({
  what: `the metadata server ${what}`,
  by: GUARD,
  script: `${CURL} ${options} '${url}'`,
});

const METADATA: readonly Attempt[] = [
  metadata('by number', `http://169.254.169.254/${TOKEN}`),
  metadata('by name', `http://metadata.google.internal/${TOKEN}`),
  metadata('as IPv4 in IPv6', `http://[::ffff:169.254.169.254]/${TOKEN}`),
  metadata('as one decimal number', `http://2852039166/${TOKEN}`),
  metadata('in hexadecimal', `http://0xa9fea9fe/${TOKEN}`),
  metadata('over IPv6', 'http://[fd20:ce::254]/'),
  metadata(
    'for an identity token',
    `http://169.254.169.254/${V1}/instance/service-accounts/default/identity?audience=x&format=full`,
  ),
  metadata(
    'to say something of the VM',
    `http://169.254.169.254/${V1}/instance/guest-attributes/attack/state`,
    '-X PUT -d ready',
  ),
  {
    what: 'the metadata server without curl',
    by: GUARD,
    script: 'exec 3<>/dev/tcp/169.254.169.254/80 && echo >&3',
  },
  {
    what: 'the metadata server through what listens on loopback',
    by: 'nobody else listens there; OpenClaw is no proxy',
    // OpenClaw answers with a page of its own.
    script: `curl -sS -m 5 ${FLAVOR} -x http://127.0.0.1:18789 http://169.254.169.254/${TOKEN} | grep -q access_token`,
    noControl: true,
  },
  {
    what: 'the metadata server from a network of its own',
    by: 'a network without a way out; RestrictNamespaces',
    script: `unshare --user --map-root-user --net ${CURL} http://169.254.169.254/${TOKEN}`,
    noControl: true,
  },
  {
    what: 'the metadata server by a unit of its own',
    by: 'systemd, by user',
    script: `systemd-run --quiet --pipe --wait ${CURL} http://169.254.169.254/${TOKEN}`,
  },
  {
    what: "the metadata server as the broker's user",
    by: 'PAM; NoNewPrivileges',
    script: `su -s /bin/sh agents-plane -c "${CURL} http://169.254.169.254/${TOKEN}"`,
  },
  {
    what: 'the metadata server in packets of its own',
    by: 'no CAP_NET_RAW',
    script: `perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 255) or die "$!\\n"'`,
  },
];

const read = (what: string, path: string): Attempt => ({
  what: `read ${what}`,
  by: 'owner and mode',
  script: `cat ${path} >/dev/null`,
});

const STATE_OF_ROOT = '/var/lib/agents-plane/state';

const READS: readonly Attempt[] = [
  read("the gateway's token in root's copy", `${STATE_OF_ROOT}/gateway-token`),
  read('openclaw.json as rendered', `${STATE_OF_ROOT}/openclaw.rendered.json`),
  read("the meter's settings", `${STATE_OF_ROOT}/meter-settings.json`),
  read("the pairing's settings", `${STATE_OF_ROOT}/pairing-settings.json`),
  read("the pairing's state", '/var/lib/agents-plane/pairing/*'),
  read("the meter's credentials", '/run/credentials/agents-plane-meter.service/gateway-token'),
  read("the pairing's credentials", '/run/credentials/agents-plane-pairing.service/gateway-token'),
  read('the journal', '/var/log/journal/*/system.journal'),
  read('the passwords', '/etc/shadow'),
  {
    what: "list root's home",
    by: 'owner and mode',
    script: 'ls /root',
  },
  {
    what: "list the meter's own /tmp",
    by: 'owner and mode; PrivateTmp',
    script: 'ls /tmp/systemd-private-*-agents-plane-meter.service-*/tmp',
  },
  {
    what: 'read the API key once the gateway is ready',
    by: 'the file is deleted',
    script: 'cat /run/openclaw-gateway/*',
    noControl: true,
  },
];

/** Adds nothing to a file that is there; a file that is new goes again. */
const write = (path: string): Attempt => ({
  what: `write ${path}`,
  by: 'owner and mode; ProtectSystem',
  script: `test -e ${path} && new= || new=${path}; exec 3>>${path} || exit 1; rm -f $new`,
});

const WRITES: readonly Attempt[] = [
  ...[
    '/etc/systemd/system/attack.service',
    '/run/systemd/system/attack.service',
    '/etc/systemd/system/openclaw-gateway.service',
    '/etc/passwd',
    '/etc/hosts',
    '/etc/ld.so.preload',
    '/etc/environment',
    '/etc/profile.d/attack.sh',
    '/etc/cron.d/attack',
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/agents-plane/metadata-guard.nft',
    '/etc/agents-plane/gateway.env',
    '/usr/local/bin/agent',
    '/usr/local/bin/attack',
    '/opt/agents-plane/agent.mjs',
    '/opt/openclaw/node_modules/openclaw/openclaw.mjs',
    '/var/lib/agents-plane/plugin/index.js',
    '/var/lib/agents-plane/plugin/budget.json',
    '/var/lib/agents-plane/meter/budget.json',
    `${STATE_OF_ROOT}/facts.json`,
    `${STATE_OF_ROOT}/gateway-token`,
    '/run/agents-plane/key-origin',
    '/run/agents-plane/key-in-use',
    '/run/agents-plane/status.json',
    '/run/agents-plane-broker/attack',
    '/run/agents-plane-watch/attack',
    '/run/agents-plane-pairing/attack',
  ].map(write),
  {
    what: "take root's token by a hard link",
    by: 'fs.protected_hardlinks; mounts',
    script: `ln ${STATE_OF_ROOT}/gateway-token ${STATE}/attack && rm ${STATE}/attack`,
  },
  {
    what: "put a socket of its own in the broker's place",
    by: "the folder's owner",
    script: 'mv /run/agents-plane/broker.sock /run/agents-plane/other.sock',
    noControl: true,
  },
  {
    what: 'move its own home, for root to write elsewhere',
    by: "the folder's owner",
    script: `mv ${STATE} ${STATE}.old`,
    noControl: true,
  },
  {
    what: "delete root's state",
    by: "the folder's owner",
    script: `rm -rf ${STATE_OF_ROOT}`,
    noControl: true,
  },
  {
    what: 'give root a file of its own',
    by: 'no CAP_CHOWN',
    script: `touch ${STATE}/gift; chown root ${STATE}/gift; code=$?; rm -f ${STATE}/gift; exit $code`,
  },
  {
    what: 'mount something over /etc',
    by: 'no CAP_SYS_ADMIN',
    script: 'mount --bind /etc /mnt && umount /mnt',
  },
  {
    what: 'see the rules of the firewall',
    by: 'no CAP_NET_ADMIN',
    script: 'test -n "$(/usr/sbin/nft list ruleset)"',
  },
  {
    what: 'flush the rules of the firewall',
    by: 'no CAP_NET_ADMIN',
    script: '/usr/sbin/nft flush ruleset',
    noControl: true,
  },
  {
    what: 'take an address of the network',
    by: 'no CAP_NET_ADMIN',
    script: 'ip addr add 10.128.255.1/32 dev lo && ip addr del 10.128.255.1/32 dev lo',
  },
];

const PRIVILEGE: readonly Attempt[] = [
  { what: 'become root by su', by: 'PAM; NoNewPrivileges', script: 'su -c id' },
  {
    what: 'become root by a password of its own',
    by: 'PAM; NoNewPrivileges',
    script: 'passwd -d root',
    noControl: true,
  },
  {
    what: 'change its shell',
    by: 'PAM; NoNewPrivileges',
    script: 'chsh -s /bin/bash openclaw',
    noControl: true,
  },
  ...(
    [
      ['stop the metadata guard', 'systemctl stop agents-plane-metadata-guard'],
      ['stop the meter', 'systemctl kill agents-plane-meter'],
      ['mask the meter', 'systemctl mask agents-plane-meter'],
      ['restart its own unit', 'systemctl restart openclaw-gateway'],
      ['change the environment of units', 'systemctl set-environment LD_PRELOAD=/x'],
      ['power the machine off', 'systemctl poweroff'],
      ['go to rescue mode', 'systemctl isolate rescue.target'],
      ['link a unit of its own', `systemctl link ${STATE}/attack.service`],
      [
        "speak to systemd's private socket",
        'busctl --address=unix:path=/run/systemd/private introspect org.freedesktop.systemd1 /',
      ],
    ] as const
  ).map(([what, script]) => ({ what, by: 'systemd, by user', script, noControl: true })),
  {
    what: 'have systemd read its units again',
    by: 'systemd, by user',
    script: 'systemctl daemon-reload',
  },
];

const OUT: readonly Attempt[] = [
  ['the internet', 'https://1.1.1.1/'],
  ['a VM beside it', 'http://10.128.0.3/'],
  ['the local plane past its network', 'http://10.128.0.1/'],
].map(([what = '', url = '']) => ({
  what: `reach ${what}`,
  by: "the network: in the local plane nothing, at Google the firewall's rules (test/infra)",
  script: `curl -sS -m 5 -o /dev/null ${url}`,
  noControl: true,
}));

/** Another user's process, by its number. `process`: what it is. */
const onProcess = (process: string, pid: string): readonly Attempt[] =>
  (
    [
      ['read the environment of', `cat /proc/${pid}/environ >/dev/null`],
      ['open the memory of', `exec 3</proc/${pid}/mem`],
      ['list what is open in', `ls -l /proc/${pid}/fd/ >/dev/null`],
      ['signal', `kill -0 ${pid}`],
      // PTRACE_SEIZE, which does not stop it; ptrace is call 101, on arm64 117.
      [
        'trace',
        `perl -e 'syscall($ARGV[0] + 0, 0x4206, $ARGV[1] + 0, 0, 0) == 0 or die "$!\\n"' $(test $(uname -m) = aarch64 && echo 117 || echo 101) ${pid}`,
      ],
    ] as const
  ).map(([what, script]) => ({
    what: `${what} ${process}`,
    by: 'the kernel, by user; ProtectProc, SystemCallFilter',
    script,
  }));

/** @param pids numbers of processes that are there, by what they are */
export const attemptsOfUser = (pids: Readonly<Record<string, string>>): readonly Attempt[] => [
  ...METADATA,
  ...READS,
  ...WRITES,
  ...PRIVILEGE,
  ...OUT,
  ...Object.entries(pids).flatMap(([process, pid]) => onProcess(process, pid)),
];
