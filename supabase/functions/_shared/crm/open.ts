import { gohighlevel } from './gohighlevel.ts';
import { hubspot } from './hubspot.ts';
import type { Crm } from './port.ts';
import { standard } from './standard.ts';

/** The kinds of CRM, by the word under which the database keeps them. */
export const CRMS: Record<string, Crm> = { standard, hubspot, gohighlevel };
