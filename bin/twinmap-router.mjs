#!/usr/bin/env node
/** The `twinmap-router` command. */
import { run } from './run.mjs';

await run('router/entries/cli/main.ts');
