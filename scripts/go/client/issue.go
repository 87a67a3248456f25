// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	authv1 "signet.dev/scripts/client/generated/istio/v1/auth"
	cav1 "signet.dev/scripts/client/generated/signet/ca/v1"
)

// request holds the flags that say what certificate to ask for and where to leave it.
type request struct {
	csr, uri, profile, out string
	lifetime, timeout      time.Duration
}

func (r *request) register(flags *flag.FlagSet) {
	flags.StringVar(&r.csr, "csr", "", "file of a CSR to send as it is; by default one is made with a fresh P-256 key")
	flags.StringVar(&r.uri, "spiffe-id", "", "URI SAN of the CSR that is made; none by default")
	flags.StringVar(&r.profile, "profile", "workload", "workload or serving")
	flags.StringVar(&r.out, "out", "", "directory for key.pem, cert.pem and roots.pem")
	flags.DurationVar(&r.lifetime, "lifetime", 0, "lifetime to ask for; the CA's default when 0")
	flags.DurationVar(&r.timeout, "timeout", 10*time.Second, "deadline of the call")
}

// prepare returns the PEM request and, if it was made here, the PEM key.
func (r *request) prepare() (csr, key []byte, err error) {
	if r.csr != "" {
		csr, err = os.ReadFile(r.csr)
		return csr, nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.CertificateRequest{}
	if r.uri != "" {
		uri, err := url.Parse(r.uri)
		if err != nil {
			return nil, nil, err
		}
		template.URIs = []*url.URL{uri}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, private)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	csr = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	return csr, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}

// finish checks the chain against the returned roots, writes the files and prints what the leaf says.
func (r *request) finish(key []byte, chain, roots []string) error {
	leaf, err := verifyChain(chain, roots)
	if err != nil {
		return err
	}
	if r.out != "" {
		files := map[string]string{
			"key.pem":   string(key),
			"cert.pem":  joinPEM(chain),
			"roots.pem": joinPEM(roots),
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(r.out, name), []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	uris := []string{}
	for _, uri := range leaf.URIs {
		uris = append(uris, uri.String())
	}
	serial := leaf.SerialNumber.Text(16)
	if len(serial)%2 == 1 {
		serial = "0" + serial
	}
	printLine(map[string]any{
		"event": "issued", "serial": serial, "uris": uris, "dnsNames": leaf.DNSNames, "chainLength": len(chain),
		"notBefore": leaf.NotBefore.UTC(), "notAfter": leaf.NotAfter.UTC(),
	})
	return nil
}

func joinPEM(parts []string) string {
	trimmed := make([]string, len(parts))
	for index, part := range parts {
		trimmed[index] = strings.TrimSpace(part) + "\n"
	}
	return strings.Join(trimmed, "")
}

func verifyChain(chain, roots []string) (*x509.Certificate, error) {
	pool, intermediates := x509.NewCertPool(), x509.NewCertPool()
	if len(chain) == 0 || !pool.AppendCertsFromPEM([]byte(joinPEM(roots))) {
		return nil, errors.New("the answer holds no chain or no roots")
	}
	intermediates.AppendCertsFromPEM([]byte(joinPEM(chain[1:])))
	block, _ := pem.Decode([]byte(chain[0]))
	if block == nil {
		return nil, errors.New("the first element of the chain is not PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: pool, Intermediates: intermediates, KeyUsages: usages})
	return leaf, err
}

func parseIssueFlags(name string, args []string) (*connection, *request, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	to, what := &connection{}, &request{}
	to.register(flags)
	what.register(flags)
	return to, what, flags.Parse(args)
}

func runIssue(ctx context.Context, args []string) error {
	to, what, err := parseIssueFlags("issue", args)
	if err != nil {
		return err
	}
	csr, key, err := what.prepare()
	if err != nil {
		return err
	}
	channel, err := to.dial()
	if err != nil {
		return err
	}
	defer channel.Close()
	ctx, cancel := context.WithTimeout(ctx, what.timeout)
	defer cancel()
	message := &cav1.IssueCertificateRequest{Csr: csr, Profile: cav1.Profile_PROFILE_WORKLOAD}
	if what.profile == "serving" {
		message.Profile = cav1.Profile_PROFILE_SERVING
	}
	if what.lifetime != 0 {
		message.Lifetime = durationpb.New(what.lifetime)
	}
	answer, err := cav1.NewCertificateAuthorityClient(channel).IssueCertificate(ctx, message)
	if err != nil {
		return err
	}
	return what.finish(key, answer.GetCertificateChain(), answer.GetTrustBundle().GetRoots())
}

func runIstioIssue(ctx context.Context, args []string) error {
	to, what, err := parseIssueFlags("istio-issue", args)
	if err != nil {
		return err
	}
	csr, key, err := what.prepare()
	if err != nil {
		return err
	}
	channel, err := to.dial()
	if err != nil {
		return err
	}
	defer channel.Close()
	ctx, cancel := context.WithTimeout(ctx, what.timeout)
	defer cancel()
	message := &authv1.IstioCertificateRequest{Csr: string(csr), ValidityDuration: int64(what.lifetime.Seconds())}
	answer, err := authv1.NewIstioCertificateServiceClient(channel).CreateCertificate(ctx, message)
	if err != nil {
		return err
	}
	// Leaf, intermediates one by one, and last an element with all roots.
	chain := answer.GetCertChain()
	if len(chain) < 2 {
		return errors.New("the answer holds no roots")
	}
	return what.finish(key, chain[:len(chain)-1], chain[len(chain)-1:])
}
