import type { Provider } from "./port.ts";

/** How a message travels. */
export type Channel = "sms" | "email";

/** Each channel's carrier and its words in the log. */
export const CHANNELS: Record<
  Channel,
  { provider: string; tag: string; noun: string; idName: string }
> = {
  sms: { provider: "twilio", tag: "TWILIO", noun: "SMS", idName: "SID" },
  email: {
    provider: "sendgrid",
    tag: "SENDGRID",
    noun: "E-mail",
    idName: "ID",
  },
};

/** The carrier of a channel, loaded when first needed; throws a refusal that names the secret it lacks. */
export async function openProvider(channel: Channel): Promise<Provider> {
  return channel === "sms"
    ? (await import("./twilio/twilio.ts")).twilio()
    : (await import("./sendgrid/sendgrid.ts")).sendgrid();
}
