package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// fetchMain is the program "fetch" of the scripts: it prints what a URL answers, and exits with 1 where that
// is an error.
//
//	fetch [-token T] [-ca FILE] [-name HOST] URL
func fetchMain() {
	token := flag.String("token", "", "")
	ca := flag.String("ca", "", "")
	name := flag.String("name", "", "")
	flag.Parse()
	cfg := &tls.Config{ServerName: *name}
	if *ca != "" {
		data, err := os.ReadFile(*ca)
		cfg.RootCAs = x509.NewCertPool()
		if err != nil || !cfg.RootCAs.AppendCertsFromPEM(data) {
			fmt.Fprintln(os.Stderr, "no certificates:", err)
			os.Exit(1)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg}, Timeout: 20 * time.Second}
	r, err := http.NewRequest(http.MethodGet, flag.Arg(0), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if *token != "" {
		r.Header.Set("Authorization", "Bearer "+*token)
	}
	resp, err := client.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer resp.Body.Close()
	io.Copy(os.Stdout, resp.Body)
	if resp.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, resp.Status)
		os.Exit(1)
	}
}
