// Puts one API's types, decoders and encoders into a file.
import { emitDecoder } from './emit-decoder.js';
import { emitEncoder, emitIsDefault } from './emit-encoder.js';
import { defaultText, fieldTypeText } from './emit-scope.js';
import { formatVersions, isNone, type Message, type Struct } from './message-definition.js';

export interface ApiPair {
  readonly request: Message;
  readonly response: Message;
}

const LICENSE = (origin: string) => [
  `// Generated from Apache Kafka's message definitions (${origin}; Apache License 2.0) by libs/kafka-codec/generator.`,
  '// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.',
];

function apiName(api: ApiPair): string {
  return api.request.name.replace(/Request$/, '');
}

function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

export function apiFileName(api: ApiPair): string {
  return `${kebab(apiName(api))}.ts`;
}

function constantName(api: ApiPair): string {
  const name = apiName(api);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Api`;
}

export function apiFile(api: ApiPair, origin: string): string {
  const { request, response } = api;
  const name = apiName(api);
  if (request.versions.min !== response.versions.min || request.versions.max !== response.versions.max) {
    throw new Error(`${name}: request and response have different versions`);
  }
  const flexibleSince = isNone(request.flexible) ? -1 : request.flexible.min;
  if (flexibleSince !== (isNone(response.flexible) ? -1 : response.flexible.min)) {
    throw new Error(`${name}: request and response become flexible in different versions`);
  }
  const body = [
    ...messageLines(request),
    ...messageLines(response),
    `/** ${name}, ApiKey ${request.apiKey}: versions ${formatVersions(request.versions)}${flexibleSince < 0 ? '' : `, flexible since ${flexibleSince}`}. */`,
    `export const ${constantName(api)}: KafkaApi<${name}Request, ${name}Response> = {`,
    `  key: ${request.apiKey},`,
    `  name: '${name}',`,
    `  versionMin: ${request.versions.min},`,
    `  versionMax: ${request.versions.max},`,
    `  flexibleSince: ${flexibleSince},`,
    `  latestVersionUnstable: ${request.latestVersionUnstable},`,
    ...['Request', 'Response'].flatMap((kind) => [
      `  decode${kind}: decode${name}${kind},`,
      `  encode${kind}: encode${name}${kind},`,
    ]),
    '};',
  ];
  return `${[...LICENSE(origin), ...imports(body.join('\n')), '', ...body].join('\n')}\n`;
}

function imports(body: string): string[] {
  const used = [
    'EMPTY_BYTES',
    'isZeroUuid',
    'notInVersion',
    'notNullable',
    'unsupportedDecode',
    'unsupportedEncode',
    'ZERO_UUID',
  ].filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  return [
    ...(/\bBuffer\b/.test(body) ? ["import type { Buffer } from 'node:buffer';"] : []),
    "import type { ByteReader } from '../byte-reader.js';",
    "import type { ByteWriter } from '../byte-writer.js';",
    `import { ${used.join(', ')} } from '../generated-support.js';`,
    "import type { Encodable, KafkaApi } from '../kafka-api.js';",
  ];
}

function messageLines(message: Message): string[] {
  const structs = [
    message.root,
    ...[...message.structs.values()].filter((struct) => !isNone(struct.versions)),
  ];
  const functions = structs.flatMap((struct) => [
    ...emitDecoder(message, struct),
    '',
    ...emitEncoder(message, struct),
    '',
  ]);
  const types = structs.flatMap((struct) => [...emitInterface(message, struct), '']);
  return [...types, ...functions, ...supportLines(structs, functions.join('\n'))];
}

/** `defaultX` and `isDefaultX` of the structs that need them; one such function may need another. */
function supportLines(structs: readonly Struct[], functions: string): string[] {
  const lines: string[] = [];
  let text = functions;
  for (const struct of structs) {
    if (text.includes(`default${struct.name}()`)) {
      const fields = struct.fields.map((field) => `${field.name}: ${defaultText(field)}`);
      lines.push(
        `function default${struct.name}(): ${struct.name} {`,
        `  return { ${fields.join(', ')} };`,
        '}',
        '',
      );
    }
    if (text.includes(`isDefault${struct.name}(`)) lines.push(...emitIsDefault(struct), '');
    text = functions + lines.join('\n');
  }
  return lines;
}

function emitInterface(message: Message, struct: Struct): string[] {
  const lines = struct === message.root ? [`/** Versions ${formatVersions(message.versions)}. */`] : [];
  lines.push(`export interface ${struct.name} {`);
  for (const field of struct.fields) {
    const facts = [`versions ${formatVersions(field.versions)}`];
    if (!isNone(field.nullable)) facts.push(`nullable ${formatVersions(field.nullable)}`);
    if (field.tag !== undefined) facts.push(`tag ${field.tag}`);
    lines.push(
      `  /** ${field.about.replaceAll('*/', '* /')} (${facts.join(', ')}) */`,
      `  ${field.name}: ${fieldTypeText(field)};`,
    );
  }
  lines.push('}');
  return lines;
}

export function indexFile(apis: readonly ApiPair[], origin: string): string {
  const names = apis.map(
    (api) => [constantName(api), `./${apiFileName(api).replace(/\.ts$/, '.js')}`] as const,
  );
  const lines = [
    ...LICENSE(origin),
    "import type { AnyKafkaApi } from '../kafka-api.js';",
    ...names.map(([name, file]) => `import { ${name} } from '${file}';`),
    '',
    ...names.map(([, file]) => `export * from '${file}';`),
    '',
    '/** Every API that the codec knows, in the order of the keys. */',
    'export const kafkaApis: readonly AnyKafkaApi[] = [',
    ...names.map(([name]) => `  ${name},`),
    '];',
  ];
  return `${lines.join('\n')}\n`;
}
