#!/usr/bin/env -S node --max-semi-space-size=8
import 'reflect-metadata';
import { runCli } from './cli.js';
import { setHeapGrowth } from './heap-settings.js';

setHeapGrowth();
process.exitCode = await runCli(process.argv);
