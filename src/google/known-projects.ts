import { projectRefOf } from './names.js';
import type { Project } from './types.js';

/** Whether two names are one project, as far as Resource Manager was asked in this run. */
export interface KnownProjects {
  /** Takes note of a question and of its answer to come. */
  note(asked: string, answer: Promise<Project>): void;
  /** @returns false when the names are those of two projects; an ID and a number that nobody was asked about may be one */
  mayBeSame(asked: string, answered: string): Promise<boolean>;
}

const isNumber = (project: string): boolean => /^\d+$/.test(project);

/** @returns false only when the texts alone say that these are two projects: two IDs, or two numbers */
export const mayBeSameProject = (a: string, b: string): boolean => a === b || isNumber(a) !== isNumber(b);

export function createKnownProjects(): KnownProjects {
  const answers = new Map<string, Promise<Project>>();
  return {
    note(asked, answer) {
      answers.set(asked, answer);
      // Whoever asked hears of it.
      answer.catch(() => undefined);
    },
    async mayBeSame(asked, answered) {
      if (asked === answered || !mayBeSameProject(asked, answered)) return asked === answered;
      try {
        const project = await answers.get(asked);
        return project === undefined || Object.values(projectRefOf(project)).includes(answered);
      } catch {
        return true;
      }
    },
  };
}
