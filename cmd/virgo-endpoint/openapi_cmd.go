package main

import "virgo/cmd/virgo-endpoint/internal/api"

type openAPICmd struct{}

func (openAPICmd) Help() string {
	return "The document is made from the code that answers. A running server has it too, at /openapi.json of the API."
}

func (openAPICmd) Run(a *app) error {
	data, err := api.Document(release)
	if err != nil {
		return err
	}
	return a.print(data)
}
