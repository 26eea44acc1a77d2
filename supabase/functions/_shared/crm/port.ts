/** A call of a CRM as it came: signatures are made over the bytes, not over what is read from them. */
export interface Call {
  method: string;
  /** The address that the CRM was given, with its query. */
  url: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

/** What a CRM tells of a contact; what it does not say is null, and the event is kept all the same. */
export interface CrmEvent {
  /** The same for every delivery of the same event. */
  eventId: string;
  /** The words by which a condition may ask for it, the most specific first. */
  names: string[];
  contactId: string | null;
  campaign: string | null;
  /** Whose CRM it is, where one key signs for many. */
  account: string | null;
  payload: unknown;
  /** Fields with a negative outcome: lost, cancelled, removed, no tags. A condition must name them to count it. */
  negatives?: string[];
  /** Ids that are the contact's, too, from now on. */
  merged?: string[];
  /** Whether the contact's names and addresses must be erased. */
  isErasure?: boolean;
  /** Why it could not be read; it is stored all the same. */
  problem?: string;
}

/** How one kind of CRM signs its calls and words its events. */
export interface Crm {
  /** Whether one of the keys has signed this call not long ago. */
  isGenuine(call: Call, keys: string[]): boolean | Promise<boolean>;
  /** The events of a genuine call; throws a refusal when the body is none of this CRM's. */
  read(call: Call): CrmEvent[];
}
