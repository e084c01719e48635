import { isApiDisabled, type ApiError } from '../google/errors.js';
import type { DisabledApi } from './observed.js';

/** Collects the APIs that turn out to be disabled, so that a plan can be made without them and name them all at once. */
export interface DisabledApis {
  /**
   * @param project where the API is expected, for an answer that does not say
   * @returns the fallback when the API is disabled; every other error goes on
   */
  orElse<T>(request: Promise<T>, fallback: T, project: string): Promise<T>;
  /** Each API once, by name. */
  found(): DisabledApi[];
}

export function collectDisabledApis(): DisabledApis {
  const found = new Map<string, DisabledApi>();
  return {
    async orElse(request, fallback, project) {
      try {
        return await request;
      } catch (error) {
        if (!isApiDisabled(error)) throw error;
        const api = disabledApi(error, project);
        found.set(`${api.service} ${api.project}`, api);
        return fallback;
      }
    },
    found: () => [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, api]) => api),
  };
}

/** @param project where the API is expected, for an answer that does not say */
export function disabledApi(error: ApiError, project: string): DisabledApi {
  return {
    service: error.metadata.service ?? `${error.api}.googleapis.com`,
    project: error.metadata.consumer?.replace(/^projects\//, '') ?? project,
  };
}
