package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// fetchMain is the program "fetch" of the scripts: it prints what a URL answers, and exits with 1 where that
// is an error.
//
//	fetch [-token T] [-ca FILE] [-name HOST] [-jar FILE] [-form BODY] [-json BODY] [-method M] [-file FILE] [-header NAME:VALUE] URL
//
// With -jar it is a browser: cookies are kept in the file, and where it is sent to is printed instead of followed. With
// -form it posts one, with -json a document, and with -file what is in a file.
func fetchMain() {
	token := flag.String("token", "", "")
	ca := flag.String("ca", "", "")
	name := flag.String("name", "", "")
	jar := flag.String("jar", "", "")
	form := flag.String("form", "", "")
	document := flag.String("json", "", "")
	header := flag.String("header", "", "")
	verb := flag.String("method", "", "")
	file := flag.String("file", "", "")
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
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg}, Timeout: time.Minute}
	method := http.MethodGet
	if *form+*document != "" {
		method = http.MethodPost
	}
	if *verb != "" {
		method = *verb
	}
	body := *form + *document
	if *file != "" {
		data, err := os.ReadFile(*file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		body = string(data)
	}
	r, err := http.NewRequest(method, flag.Arg(0), strings.NewReader(body))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if *token != "" {
		r.Header.Set("Authorization", "Bearer "+*token)
	}
	if *form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if *document != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if *file != "" {
		r.Header.Set("Content-Type", "application/yaml")
	}
	if key, value, ok := strings.Cut(*header, ":"); ok {
		r.Header.Set(key, value)
	}
	if *jar != "" {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if kept, err := os.ReadFile(*jar); err == nil {
			r.Header.Set("Cookie", string(kept))
		}
	}
	resp, err := client.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer resp.Body.Close()
	io.Copy(os.Stdout, resp.Body)
	if *jar != "" {
		for _, c := range resp.Cookies() {
			if err := os.WriteFile(*jar, []byte(c.Name+"="+c.Value), 0o600); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		if to := resp.Header.Get("Location"); to != "" {
			fmt.Println("to " + to)
			return
		}
	}
	if resp.StatusCode/100 != 2 {
		fmt.Fprintln(os.Stderr, resp.Status)
		os.Exit(1)
	}
}
