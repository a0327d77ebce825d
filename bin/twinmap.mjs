#!/usr/bin/env node
/** The `twinmap` command. */
import { run } from './run.mjs';

await run('ops/cli.ts');
