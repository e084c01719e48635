import { invalid } from '../core/errors.js';
import { asJson, asStrings, type Json } from '../core/json.js';
import { post, read, type Api, type Call } from '../core/router.js';
import type { State } from '../state/state.js';
import type { Project } from '../state/types.js';

const SERVICE = 'cloudresourcemanager.googleapis.com';

/** Projects: v3 knows the number and the parent, only v1 knows the ancestry (Resource Manager discovery documents). */
export const cloudresourcemanager: Api = {
  name: 'cloudresourcemanager',
  service: SERVICE,
  versions: ['v1', 'v3'],
  routes: [
    read('projects/{project}', getProject),
    post('projects/{project}:testIamPermissions', testIamPermissions, [], false),
    post('projects/{project}:getAncestry', getAncestry, [], false),
  ],
};

function readable(call: Call, state: State): Project {
  const project = state.project(call.param('project'));
  state.need('resourcemanager.projects.get', `projects/${project.id}`, SERVICE);
  return project;
}

function getProject(call: Call, state: State): Json {
  const project = readable(call, state);
  const parent = parentOf(project);
  if (call.version === 'v1') {
    const [type, id] = (parent ?? '').split('s/');
    return {
      projectNumber: project.number,
      projectId: project.id,
      lifecycleState: 'ACTIVE',
      name: project.displayName,
      createTime: '2026-01-15T09:00:00Z',
      ...(parent === undefined ? {} : { parent: { type, id } }),
    };
  }
  return {
    name: `projects/${project.number}`,
    ...(parent === undefined ? {} : { parent }),
    projectId: project.id,
    state: 'ACTIVE',
    displayName: project.displayName,
    createTime: '2026-01-15T09:00:00Z',
    updateTime: '2026-01-15T09:00:00Z',
    etag: `W/"${project.number}"`,
  };
}

function parentOf(project: Project): string | undefined {
  if (project.folders[0] !== undefined) return `folders/${project.folders[0]}`;
  return project.organization === undefined ? undefined : `organizations/${project.organization}`;
}

/** Project, folders, organization: bottom to top. */
function getAncestry(call: Call, state: State): Json {
  const project = readable(call, state);
  const folders = project.folders.map((id) => ({ type: 'folder', id }));
  const organization = project.organization === undefined ? [] : [{ type: 'organization', id: project.organization }];
  const chain = [{ type: 'project', id: project.id }, ...folders, ...organization];
  return { ancestor: chain.map((resourceId) => ({ resourceId })) };
}

function testIamPermissions(call: Call, state: State): Json {
  const project = state.project(call.param('project'));
  const permissions = asStrings(asJson(call.body).permissions);
  const unknown = permissions.find((permission) => isUnknown(state, permission));
  if (unknown !== undefined) throw invalid(`Permission ${unknown} is not valid for this resource.`, 'permissions');
  const held = permissions.filter((permission) => state.isAllowed(permission, `projects/${project.id}`));
  return held.length > 0 ? { permissions: held } : {};
}

/** Whether projects know the permissions on access policies is not documented: a switch. */
function isUnknown(state: State, permission: string): boolean {
  return (
    state.settings.iam.testIamPermissions === 'unknown' &&
    /^iam\.(accesspolicies|policybindings|operations)\./.test(permission)
  );
}
