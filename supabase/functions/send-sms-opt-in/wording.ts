/** The consent request and its version, which the proof of consent names: a new wording needs a new version. */
export const OPT_IN_WORDING = {
  version: '2026-01',
  text: '{{company_name}}: Reply YES to receive text messages about your rewards (up to 6 msgs/month). ' +
    'Msg & data rates may apply. Reply HELP for help, STOP to cancel.',
};
