// SPDX-License-Identifier: Apache-2.0
import type { ContainerTemplate } from '@signet/model';
import { fieldsOf, listOf, textOf } from '../kube-object.ts';

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((one) => typeof one === 'string');
}

/** What a container, of a pod or of a template, is to run. */
export function toContainerTemplate(value: unknown): ContainerTemplate {
  const { image, command, args } = fieldsOf(value);
  return { image: textOf(image), command: textsOf(command), args: textsOf(args) };
}
