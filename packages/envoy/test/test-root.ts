// SPDX-License-Identifier: Apache-2.0

/**
 * A root nobody holds the key of: `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null
 * -days 36500 -subj '/O=signet test root'`.
 */
export const testRootPem = `-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIUPTCUuPnCSY8yLFuImUbPaJfU8B0wCgYIKoZIzj0EAwIw
GzEZMBcGA1UECgwQc2lnbmV0IHRlc3Qgcm9vdDAgFw0yNjExMjUwOTA5NDlaGA8y
MTI2MTEwMTA5MDk0OVowGzEZMBcGA1UECgwQc2lnbmV0IHRlc3Qgcm9vdDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABHiIVhLA6vvY0m9fZNgJ3wHUyTv8XeHBWoEp
8ly7mpkBBquQTmF2Cb116m/uARXCEKHiGUwpEnlZabLb6/Rsd+ejUzBRMB0GA1Ud
DgQWBBTfrhZC08WCZ/5+s4vjOi011MXlKzAfBgNVHSMEGDAWgBTfrhZC08WCZ/5+
s4vjOi011MXlKzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIDMZ
BN/ACz3iqYUDxHDbF5siOlUBY+ApTKjN9rwNQerQAiEA6+Q9ON2YFySRalRFFudl
2ZnAhJk0h9Zj63sG+Vz44j4=
-----END CERTIFICATE-----
`;
