import { trimProtos } from '../../scripts/build/trim-protos.ts';

const field = (type: string) => ({ type, id: 1 });

const ROOT = {
  nested: {
    google: {
      nested: {
        api: { nested: { Http: { fields: { get: field('string') } } } },
        cloud: {
          nested: {
            mapping: { extend: 'google.protobuf.FieldOptions', type: 'Mapping', id: 9 },
            Mapping: { values: { UNDEFINED: 0 } },
            shop: {
              nested: {
                v1: {
                  nested: {
                    Orders: {
                      methods: { Get: { requestType: 'GetOrder', responseType: 'Order' } },
                    },
                    Users: { methods: { Get: { requestType: 'GetUser', responseType: 'User' } } },
                    GetOrder: { fields: { name: field('string') } },
                    Order: {
                      fields: {
                        lines: { ...field('Line'), keyType: 'string' },
                        state: field('State'),
                      },
                      nested: { State: { values: { OPEN: 0 } } },
                    },
                    Line: { fields: { item: field('.google.cloud.shop.v1.Item') } },
                    Item: { fields: { id: field('uint64') } },
                    GetUser: { fields: { name: field('string') } },
                    User: { fields: { name: field('string') } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

const names = (root: object): string[] => {
  const found: string[] = [];
  const visit = (node: { nested?: Record<string, object> }, path: string): void => {
    for (const [name, child] of Object.entries(node.nested ?? {})) {
      found.push(`${path}${name}`);
      visit(child, `${path}${name}.`);
    }
  };
  visit(root, '');
  return found.map((name) => name.replace(/^google\.cloud\.shop\.v1\./, ''));
};

describe('trimProtos', () => {
  const kept = names(trimProtos(ROOT, { 'google.cloud.shop.v1.Orders': ['Get'] }));

  test('keeps the method and every type that it reaches', () => {
    expect(kept).toEqual(
      expect.arrayContaining(['Orders', 'GetOrder', 'Order', 'Order.State', 'Line', 'Item']),
    );
  });

  test('drops other services and their types', () => {
    expect(kept).not.toContain('Users');
    expect(kept).not.toContain('User');
  });

  test('drops what only declares options', () => {
    expect(kept.filter((name) => /api|mapping|Mapping/.test(name))).toEqual([]);
  });

  test('drops other methods and what only they reach', () => {
    expect(kept).not.toContain('CancelOrder');
  });

  test('a method that does not exist is an error', () => {
    expect(() => trimProtos(ROOT, { 'google.cloud.shop.v1.Orders': ['Refund'] })).toThrow(/Refund/);
  });

  test('a service that does not exist is an error: the client has changed', () => {
    expect(() => trimProtos(ROOT, { 'google.cloud.shop.v2.Orders': ['Get'] })).toThrow(/have no/);
  });
});
