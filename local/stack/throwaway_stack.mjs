/** A stack for one run of tests, demo or benchmarks: free ports, throwaway data, its output in a file. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { factsAsEnvironment } from './facts.mjs';
import { choosePorts } from './ports.mjs';
import { startStack } from './stack.mjs';
import { throwawayData } from './throwaway.mjs';

/** Resolves with the stack's facts, its log file, and the environment that tells scripts both. */
export async function startThrowawayStack({ fast, prepare, spareSuppliers }) {
  const { folder: dataFolder, template } = await throwawayData();
  const logFile = join(dataFolder, 'stack.log');
  const log = createWriteStream(logFile);
  const write = (line) => log.write(`${line}\n`);
  const ports = await choosePorts(0);
  const settings = { dataFolder, ports, fast, development: false, write, prepare, spareSuppliers };
  const { facts } = await startStack(settings);
  const environment = factsAsEnvironment(facts, logFile);
  if (template) environment.TEMPLATE_FOLDER = template;
  return { dataFolder, facts, logFile, environment };
}
