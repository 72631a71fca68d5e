// The rules of our OpenAPI documents: all of spectral's own and of its OWASP set, but for what is said here.
import owasp from "@stoplight/spectral-owasp-ruleset";
import { oas } from "@stoplight/spectral-rulesets";

// Bounds protect us from what is sent. What we answer is as long as what was recorded.
const ofWhatIsSent = (name, type) => ({
  ...owasp.rules[name],
  given: ["[*].parameters", "[*][*].parameters", "[*][*].requestBody.content"].map(
    (place) => `$.paths${place}..[?(@ && @.type=="${type}")]`,
  ),
});

export default {
  extends: [[oas, "all"], [owasp, "all"]],
  rules: {
    // Who deploys the platform is its contact, and says under which licence.
    "info-contact": "off",
    "info-license": "off",
    "license-url": "off",
    // OpenAPI 3.1 lets a bearer token need scopes, which no scheme of this type lists.
    "oas3-operation-security-defined": "off",
    // Rates are limited, if at all, by the ingress of a deployment.
    "owasp:api4:2023-rate-limit": "off",
    "owasp:api4:2023-rate-limit-responses-429": "off",
    // Only listed origins get the header, and browsers read it, not clients.
    "owasp:api8:2023-define-cors-origin": "off",
    // Every number that is sent has a least and a greatest value, which say more than a width.
    "owasp:api4:2023-integer-format": "off",
    "owasp:api4:2023-integer-limit": ofWhatIsSent("owasp:api4:2023-integer-limit", "integer"),
    "owasp:api4:2023-string-limit": ofWhatIsSent("owasp:api4:2023-string-limit", "string"),
    "owasp:api4:2023-string-restricted": ofWhatIsSent("owasp:api4:2023-string-restricted", "string"),
    "owasp:api4:2023-array-limit": ofWhatIsSent("owasp:api4:2023-array-limit", "array"),
  },
  overrides: [
    {
      // Probes, and what a problem means, are for everybody, and nothing about the request can be wrong.
      files: ["live", "ready", "problems", "problems~1%7Bslug%7D"].map((path) => `**#/paths/~1${path}`),
      rules: {
        "owasp:api2:2023-read-restricted": "off",
        "owasp:api8:2023-define-error-responses-401": "off",
        "owasp:api8:2023-define-error-validation": "off",
      },
    },
    {
      // A link is what its holder has instead of a token; and feeds are for everybody.
      files: [
        "v1~1signatures~1%7Blink%7D",
        "v1~1signatures~1%7Blink%7D~1sign",
        "v1~1signatures~1%7Blink%7D~1agreement.pdf",
        "gbfs~1%7Bfeed%7D.json",
      ].map((path) => `**#/paths/~1${path}`),
      rules: {
        "owasp:api2:2023-read-restricted": "off",
        "owasp:api2:2023-write-restricted": "off",
        "owasp:api8:2023-define-error-responses-401": "off",
      },
    },
    {
      // What does not have the form of these is ignored, as their standards ask.
      files: ["Accept-Language", "If-None-Match", "traceparent"].map((name) => `**#/components/parameters/${name}`),
      rules: {
        "owasp:api4:2023-string-limit": "off",
        "owasp:api4:2023-string-restricted": "off",
      },
    },
  ],
};
