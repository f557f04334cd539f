package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"virgo/collect"
	"virgo/collect/worker"
	"virgo/schedule/scriptbundle"
)

// ScriptInfos returns what the script process knows of all scripts, each evaluated as far as its declaration. Error:
// *worker.StartError, or why it lists none.
func (p *Program) ScriptInfos(ctx context.Context) ([]worker.ScriptInfo, error) {
	text, err := p.ScriptWorker().HostInfo(ctx, worker.ScriptInfos)
	if err != nil {
		return nil, err
	}
	var all []worker.ScriptInfo
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("the list of scripts: %w", err)
	}
	for i := range all {
		info, err := p.ScriptInfo(ctx, all[i].Type)
		if err != nil {
			all[i].Error = err.Error()
			continue
		}
		all[i] = info
	}
	return all, nil
}

// ScriptInfo returns what the script process knows of one script. Error: *worker.StartError, or there is none.
func (p *Program) ScriptInfo(ctx context.Context, typ string) (info worker.ScriptInfo, err error) {
	text, err := p.ScriptWorker().HostInfo(ctx, typ)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return info, fmt.Errorf("the declaration of %s: %w", typ, err)
	}
	return info, nil
}

// Declared returns a type with what the script declares, if it is one of the owner's own scripts, of which the registry
// has the names alone. Error: the script cannot be loaded.
func (p *Program) Declared(ctx context.Context, t collect.Type) (collect.Type, error) {
	if !strings.HasPrefix(t.Name, scriptbundle.TypePrefix) || !t.OwnDetails {
		return t, nil
	}
	if err := scriptsFault(p.Paths().Scripts); err != nil {
		return t, err
	}
	info, err := p.ScriptInfo(ctx, t.Name)
	switch {
	case err != nil:
		return t, err
	case info.Script == nil:
		return t, errors.New(info.Error)
	}
	t.Summary, t.Details, t.KeyMetrics, t.OwnDetails = info.Script.Summary, info.Script.Details, info.Script.KeyMetrics, false
	return t, nil
}
