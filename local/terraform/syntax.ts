/**
 * What a Terraform file says, as data: the part of the language that infra/ uses.
 * https://developer.hashicorp.com/terraform/language/syntax/configuration
 */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** `"a ${b} c"`: text and expressions in turn. */
  | { readonly kind: 'template'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression }
  /** `list[*].name` */
  | { readonly kind: 'splat'; readonly of: Expression; readonly names: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'conditional';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | {
      readonly kind: 'equality';
      readonly negated: boolean;
      readonly left: Expression;
      readonly right: Expression;
    };

export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: Body;
}

export interface Body {
  readonly attributes: ReadonlyMap<string, Expression>;
  readonly blocks: readonly Block[];
}

/** Something that is not Terraform, or more of it than is known here. */
export class TerraformError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TerraformError';
  }
}
