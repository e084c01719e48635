/**
 * The inputs of a step that say something about the desired state, under their own names, as text. An input that was
 * not given is the empty string, which is how the runner passes it. All others are handled by the commands.
 */
export interface RawInputs {
  readonly config: string;
  readonly project_id: string;
  readonly region: string;
  readonly engines: string;
  readonly egress_gateway: string;
  readonly ingress_gateway: string;
  readonly allow: string;
}

/** A step without any of these inputs. */
export const NO_INPUTS: RawInputs = {
  config: '',
  project_id: '',
  region: '',
  engines: '',
  egress_gateway: '',
  ingress_gateway: '',
  allow: '',
};

/**
 * The items of a list input: one per line or separated by commas, blank ones ignored, each once.
 * `undefined` when the input was not given; an empty array when it was given and holds nothing but separators.
 */
export function splitList(text: string): string[] | undefined {
  if (text.trim() === '') return undefined;
  const items = text.split(/[\n\r,]/).map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))];
}
