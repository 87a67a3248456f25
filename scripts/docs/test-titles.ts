// SPDX-License-Identifier: Apache-2.0
import ts from 'typescript';

/** What separates the titles of nested suites and their test in a citation. */
export const titleSeparator = ' › ';

const titleCalls: ReadonlySet<string> = new Set(['describe', 'test', 'it']);

interface TitleCall {
  readonly isTest: boolean;
  readonly title: string;
  readonly body: ts.Node | undefined;
  /** The table of `.each`; undefined for a plain call. */
  readonly table: ts.Expression | undefined;
}

function unwrap(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isParenthesizedExpression(node) || ts.isSatisfiesExpression(node)
    ? unwrap(node.expression)
    : node;
}

function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  return undefined;
}

/** Reads `test('…')`, `describe.each(table)('…')` and the like; skipped and focused ones are none. */
function readCall(node: ts.Node): TitleCall | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const title = textOf(node.arguments[0]);
  if (title === undefined) return undefined;
  let callee: ts.Expression = node.expression;
  let table: ts.Expression | undefined;
  if (ts.isCallExpression(callee)) {
    const each = callee.expression;
    if (!ts.isPropertyAccessExpression(each) || each.name.text !== 'each') return undefined;
    table = callee.arguments[0];
    callee = each.expression;
  }
  if (!ts.isIdentifier(callee) || !titleCalls.has(callee.text)) return undefined;
  return { isTest: callee.text !== 'describe', title, body: node.arguments[1], table };
}

/** Rows of a table that is written down in the same file; undefined for one that is computed. */
function readRows(
  table: ts.Expression,
  constants: ReadonlyMap<string, ts.Expression>,
): readonly ts.Expression[] | undefined {
  const node = unwrap(table);
  if (ts.isArrayLiteralExpression(node)) {
    return node.elements.some(ts.isSpreadElement) ? undefined : node.elements.map(unwrap);
  }
  const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
  return constant === undefined ? undefined : readRows(constant, constants);
}

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

const placeholder = /%[sdifjoOp]|\$[\w.]+/g;
const anything = '.+';

/** What a row makes of a placeholder; `%` ones take the row's values one after the other. */
function fill(row: ts.Expression, match: string, index: number): string {
  if (match.startsWith('%')) {
    const value = ts.isArrayLiteralExpression(row) ? row.elements[index] : index === 0 ? row : undefined;
    const text = textOf(value);
    if (text === undefined || value === undefined) return anything;
    return escape(match === '%j' && !ts.isNumericLiteral(value) ? JSON.stringify(text) : text);
  }
  if (!ts.isObjectLiteralExpression(row)) return anything;
  const property = row.properties.find(
    (one) => ts.isPropertyAssignment(one) && textOfName(one.name) === match.slice(1),
  );
  const text =
    property !== undefined && ts.isPropertyAssignment(property) ? textOf(unwrap(property.initializer)) : undefined;
  return text === undefined ? anything : escape(text);
}

function textOfName(name: ts.PropertyName): string | undefined {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined;
}

/** Patterns of one title, one for each row of its table. */
function expand(call: TitleCall, constants: ReadonlyMap<string, ts.Expression>): readonly string[] {
  if (call.table === undefined) return [escape(call.title)];
  const rows = readRows(call.table, constants);
  if (rows === undefined) return [call.title.split(placeholder).map(escape).join(anything)];
  return rows.map((row) => {
    let index = -1;
    const fills = [...call.title.matchAll(placeholder)].map(([match]) => {
      if (match.startsWith('%')) index += 1;
      return fill(row, match, index);
    });
    return call.title
      .split(placeholder)
      .map((part, at) => escape(part) + (fills[at] ?? ''))
      .join('');
  });
}

function readConstants(file: ts.SourceFile): ReadonlyMap<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined)
      constants.set(node.name.text, node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return constants;
}

/**
 * Full titles of the tests in a source, suites first, as patterns: a value of a table that is computed matches anything.
 * Reads the syntax only; nothing is run.
 */
export function readTestTitles(fileName: string, source: string): readonly RegExp[] {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true);
  const constants = readConstants(file);
  const titles: RegExp[] = [];
  const visit = (node: ts.Node, suites: readonly string[]): void => {
    const call = readCall(node);
    if (call === undefined) {
      ts.forEachChild(node, (child) => visit(child, suites));
      return;
    }
    for (const title of expand(call, constants)) {
      const full = [...suites, title];
      if (call.isTest) titles.push(new RegExp(`^${full.join(escape(titleSeparator))}$`));
      else if (call.body !== undefined) visit(call.body, full);
    }
  };
  visit(file, []);
  return titles;
}
