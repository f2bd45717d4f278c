// The jars of deploy/kafka-messages/pom.xml, resolved by Maven once and kept in .pulsegate/kafka-clients.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = `${root}.pulsegate/kafka-clients/`;
const pom = `${root}deploy/kafka-messages/pom.xml`;

/** The versions whose definitions are generated from, as the POM names them. */
export function kafkaVersions(): { newest: string; legacy: string } {
  const xml = readFileSync(pom, 'utf8');
  const property = (name: string): string => {
    const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
    if (value === undefined) throw new Error(`${pom} has no property ${name}`);
    return value;
  };
  return { newest: property('kafka.version'), legacy: property('kafka.legacy.version') };
}

export function kafkaJar(version: string): string {
  return resolved(`kafka-clients-${version}.jar`);
}

/** Whether the definitions can be read: their jars are here, or Maven can fetch them. */
export function hasKafkaJars(): boolean {
  const jars = Object.values(kafkaVersions()).map((version) => `${folder}kafka-clients-${version}.jar`);
  return jars.every((jar) => existsSync(jar)) || spawnSync('mvn', ['--version']).status === 0;
}

/** A class path with that version of kafka-clients, its compression codecs and its logging interface. */
export function kafkaClassPath(version: string): string {
  const items = readFileSync(pom, 'utf8').matchAll(
    /<artifactId>([^<]+)<\/artifactId>\s*<version>([^<$]+)<\/version>\s*<\/artifactItem>/g,
  );
  const libraries = [...items].map(([, artifact, itsVersion]) => resolved(`${artifact}-${itsVersion}.jar`));
  return [kafkaJar(version), ...libraries].join(delimiter);
}

/** Jars are gathered elsewhere and moved when they are whole: several processes may want them at the same time. */
function resolved(name: string): string {
  const file = folder + name;
  if (existsSync(file)) return file;
  const gathering = `${folder}${process.pid}.part`;
  try {
    const args = ['-q', '-B', '-f', pom, 'generate-resources', `-DoutputDirectory=${gathering}`];
    const maven = spawnSync('mvn', args, { encoding: 'utf8' });
    const jars = maven.status === 0 ? readdirSync(gathering) : [];
    for (const jar of jars) renameSync(`${gathering}/${jar}`, folder + jar);
    if (jars.includes(name)) return file;
    throw new Error(
      `Maven did not resolve ${name} with ${pom}: ${maven.error?.message ?? maven.stdout + maven.stderr}`,
    );
  } finally {
    rmSync(gathering, { recursive: true, force: true });
  }
}
