// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// connection holds the flags that say where to connect and as whom.
type connection struct {
	address, roots, serverIDs, token, certificate, key string
}

func (c *connection) register(flags *flag.FlagSet) {
	flags.StringVar(&c.address, "address", "", "host:port of the server")
	flags.StringVar(&c.roots, "roots", "", "file of PEM roots to trust")
	flags.StringVar(&c.serverIDs, "server-id", "", "SPIFFE ids, separated by commas, one of which the server must present")
	flags.StringVar(&c.token, "token-file", "", "file with the bearer token to send")
	flags.StringVar(&c.certificate, "cert", "", "file of the PEM client certificate chain, leaf first")
	flags.StringVar(&c.key, "key", "", "file of its PEM key")
}

// bearer sends the token; it refuses to do so in the clear.
type bearer struct{ token string }

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// dial opens a TLS channel. Servers are judged by chain and SPIFFE id, not by DNS name.
func (c *connection) dial() (*grpc.ClientConn, error) {
	if c.address == "" || c.roots == "" || c.serverIDs == "" {
		return nil, errors.New("-address, -roots and -server-id are required")
	}
	pem, err := os.ReadFile(c.roots)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", c.roots)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The standard check wants a DNS name; VerifyConnection does the whole check in its place.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyServer(state, pool, strings.Split(c.serverIDs, ","))
		},
	}
	if c.certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(config)), grpc.WithDisableRetry()}
	if c.token != "" {
		token, err := os.ReadFile(c.token)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer{strings.TrimSpace(string(token))}))
	}
	return grpc.NewClient("passthrough:///"+c.address, options...)
}

func verifyServer(state tls.ConnectionState, roots *x509.CertPool, ids []string) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server presented no certificate")
	}
	leaf, intermediates := state.PeerCertificates[0], x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates}); err != nil {
		return err
	}
	if len(leaf.URIs) != 1 || !slices.Contains(ids, leaf.URIs[0].String()) {
		return fmt.Errorf("the server is %v, expected one of %v", leaf.URIs, ids)
	}
	return nil
}
