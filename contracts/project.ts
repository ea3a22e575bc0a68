/** How what an organisation has at Google is written, wherever a setting names it. */

import { z } from 'zod';

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects */
export const projectId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, { error: 'not a project id' });

export const zone = z
  .string()
  .regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, { error: 'not a zone, like europe-west1-b' });

/** Of a Google Workspace. */
export const domain = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, { error: 'not a domain name' });
