/** Names of layers as networks have them, and such as would harm where a name is taken for anything but text. */
export const ODD_NAMES: readonly string[] = [
  "layer4.0.conv2",
  "/layer1/layer1.0/conv1/Conv",
  `it's "quoted", <b>bold</b> &amp; \\ odd`,
  "50% of #2?",
  "a%20b",
  "a b",
  "слой 1:2",
  "__proto__",
  "constructor",
  "tab\tnew line\nseparator\u2028end",
  "control \x01",
  `="url(#clip0)"`,
  ` role="graphics-symbol" aria-roledescription="mark"`,
  "",
];
