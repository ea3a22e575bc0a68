import { dataDiskName, instanceName, serviceAccountEmail } from '../../contracts/names.ts';
import { renderInstance } from '../../functions/core/instance.ts';
import { templates } from '../../functions/templates.ts';
import { ALLISON, PROJECT, SETTINGS } from './fixtures.ts';

const render = (exists = false) => renderInstance(SETTINGS, ALLISON, '7', exists);
const metadata = (settings = SETTINGS) =>
  Object.fromEntries(
    renderInstance(settings, ALLISON, '7', false).metadata.items.map(({ key, value }) => [
      key,
      value,
    ]),
  );

describe("the body of an agent's VM", () => {
  test('no external address, Shielded VM, its own account', () => {
    const body = render();
    expect(body.networkInterfaces).toEqual([{ subnetwork: SETTINGS.subnetwork }]);
    expect(body.shieldedInstanceConfig).toEqual({
      enableSecureBoot: true,
      enableVtpm: true,
      enableIntegrityMonitoring: true,
    });
    expect(body.serviceAccounts.map((account) => account.email)).toEqual([
      serviceAccountEmail(ALLISON, PROJECT),
    ]);
    expect(body.name).toBe(instanceName(ALLISON));
  });

  test('OS Login on, project keys off, what the VM has to know', () => {
    expect(metadata()).toMatchObject({
      'enable-oslogin': 'TRUE',
      'block-project-ssh-keys': 'TRUE',
      'enable-guest-attributes': 'TRUE',
      'agents-plane-agent': 'allison',
      'agents-plane-config-version': '7',
      'agents-plane-bundle-sha256': SETTINGS.bundleSha256,
    });
    expect(metadata()).not.toHaveProperty('agents-plane-endpoints');
    const vmEndpoints = { storage: 'http://127.0.0.1:1' };
    expect(metadata({ ...SETTINGS, vmEndpoints })['agents-plane-endpoints']).toBe(
      JSON.stringify(vmEndpoints),
    );
  });

  test('the data disk outlives the VM, and is attached again when it is there', () => {
    const [boot, fresh] = render().disks;
    expect([boot?.autoDelete, fresh?.autoDelete]).toEqual([true, false]);
    expect(fresh).toHaveProperty('initializeParams.diskName', dataDiskName(ALLISON));
    const [, again] = render(true).disks;
    expect(again).toMatchObject({ autoDelete: false, deviceName: 'agents-plane-data' });
    expect(again).toHaveProperty('source', expect.stringContaining(dataDiskName(ALLISON)));
    expect(again).not.toHaveProperty('initializeParams');
  });

  test('the startup script fits into metadata (256 KB a value)', () => {
    expect(Buffer.byteLength(templates['startup-script.sh'] ?? '')).toBeGreaterThan(0);
    expect(Buffer.byteLength(templates['startup-script.sh'] ?? '')).toBeLessThan(256 * 1024);
  });
});
