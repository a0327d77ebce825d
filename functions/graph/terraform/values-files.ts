/**
 * Which files of values are given together. Usually each is an environment of its own. `common.tfvars` goes with all of them, files
 * named after Regions with each environment (`-var-file=env/prod.tfvars -var-file=region/us-east-1.tfvars`), and files of one
 * environment's folder that share no variable with each other.
 */
import { isRegion } from '../region/names.ts';
import { directoryOf, type Module } from './module.ts';
import type { TerraformFile } from './syntax.ts';

export interface Given {
  readonly environment: string;
  readonly files: readonly TerraformFile[];
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const plainName = (path: string): string => baseName(path).replace(/(?:\.auto)?\.tfvars(?:\.json)?$/u, '');

/** `envs/prod.tfvars` and `envs/prod/terraform.tfvars` are both `prod`. */
const environmentOf = ({ path }: TerraformFile): string => {
  const name = plainName(path);
  return name === 'terraform' ? baseName(directoryOf(path)) : name;
};

const COMMON = /^(?:common|globals?|shared|base|defaults?|all)$/iu;
const FOLDERS =
  /^(?:env|envs|environments?|tfvars|vars|variables|values|config|configs|stages?|regions?|stacks?|inputs|params)$/iu;

const areApart = (files: readonly TerraformFile[]): boolean => {
  const names = files.flatMap(({ attributes }) => attributes.map(({ name }) => name));
  return new Set(names).size === names.length;
};

/** Files of `envs/prod/` that complete each other. */
const byFolder = (files: readonly TerraformFile[], module: Module): readonly Given[] => {
  const folders = Map.groupBy(files, ({ path }) => directoryOf(path));
  return [...folders].flatMap(([directory, own]): readonly Given[] => {
    const name = baseName(directory);
    const isOne = own.length > 1 && directory !== module.directory && !FOLDERS.test(name) && areApart(own);
    return isOne
      ? [{ environment: name, files: own }]
      : own.map((file) => ({ environment: environmentOf(file), files: [file] }));
  });
};

export const givenTogether = (files: readonly TerraformFile[], module: Module): readonly Given[] => {
  const common = files.filter(({ path }) => COMMON.test(plainName(path)));
  const own = files.filter((file) => !common.includes(file));
  const regions = own.filter((file) => isRegion(environmentOf(file)));
  const others = own.filter((file) => !regions.includes(file));
  const crosses =
    regions.length > 0 &&
    others.length > 0 &&
    regions.every((region) => others.every((other) => areApart([region, other])));
  const given = crosses
    ? byFolder(others, module).flatMap((one) =>
        regions.map((region) => ({
          environment: `${one.environment}-${environmentOf(region)}`,
          files: [...one.files, region],
        })),
      )
    : byFolder(own, module);
  return given.length === 0
    ? common.map((file) => ({ environment: environmentOf(file), files: [file] }))
    : given.map(({ environment, files: further }) => ({ environment, files: common.concat(further) }));
};
