/** How a component's children are declared, by what their loss would mean. */
import type * as pulumi from '@pulumi/pulumi';

/** Holds data or opens it: Pulumi refuses to delete or replace it until a person removes the protection. */
export const stateful = (parent: pulumi.Resource): pulumi.CustomResourceOptions => ({ parent, protect: true });

/** Names are derived, not random: the old resource must be gone before the new one can have its name. */
export const stateless = (parent: pulumi.Resource): pulumi.CustomResourceOptions => ({
  parent,
  deleteBeforeReplace: true,
});
