package script

import "github.com/yuin/gopher-lua/ast"

// syntaxDepth returns how deep the syntax tree of a file is, at most limit+1. The compiler recurses
// as deep. It does not recurse itself: a chain like 1+1+1 is as deep as it is long.
func syntaxDepth(chunk []ast.Stmt, limit int) int {
	type level struct {
		node  any
		depth int
	}
	deepest := 0
	var open []level
	depth := 1
	push := func(node any) { open = append(open, level{node, depth}) }
	pushAll := func(stmts []ast.Stmt) {
		for _, s := range stmts {
			push(s)
		}
	}
	pushExprs := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if e != nil {
				push(e)
			}
		}
	}
	pushAll(chunk)
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		deepest = max(deepest, at.depth)
		if deepest > limit {
			return deepest
		}
		depth = at.depth + 1
		switch n := at.node.(type) {
		case *ast.AssignStmt:
			pushExprs(n.Lhs...)
			pushExprs(n.Rhs...)
		case *ast.LocalAssignStmt:
			pushExprs(n.Exprs...)
		case *ast.FuncCallStmt:
			pushExprs(n.Expr)
		case *ast.DoBlockStmt:
			pushAll(n.Stmts)
		case *ast.WhileStmt:
			pushExprs(n.Condition)
			pushAll(n.Stmts)
		case *ast.RepeatStmt:
			pushExprs(n.Condition)
			pushAll(n.Stmts)
		case *ast.IfStmt:
			pushExprs(n.Condition)
			pushAll(n.Then)
			pushAll(n.Else)
		case *ast.NumberForStmt:
			pushExprs(n.Init, n.Limit, n.Step)
			pushAll(n.Stmts)
		case *ast.GenericForStmt:
			pushExprs(n.Exprs...)
			pushAll(n.Stmts)
		case *ast.FuncDefStmt:
			pushExprs(n.Name.Func, n.Name.Receiver)
			push(n.Func)
		case *ast.ReturnStmt:
			pushExprs(n.Exprs...)
		case *ast.AttrGetExpr:
			pushExprs(n.Object, n.Key)
		case *ast.TableExpr:
			for _, f := range n.Fields {
				pushExprs(f.Key, f.Value)
			}
		case *ast.FuncCallExpr:
			pushExprs(n.Func, n.Receiver)
			pushExprs(n.Args...)
		case *ast.LogicalOpExpr:
			pushExprs(n.Lhs, n.Rhs)
		case *ast.RelationalOpExpr:
			pushExprs(n.Lhs, n.Rhs)
		case *ast.StringConcatOpExpr:
			pushExprs(n.Lhs, n.Rhs)
		case *ast.ArithmeticOpExpr:
			pushExprs(n.Lhs, n.Rhs)
		case *ast.UnaryMinusOpExpr:
			pushExprs(n.Expr)
		case *ast.UnaryNotOpExpr:
			pushExprs(n.Expr)
		case *ast.UnaryLenOpExpr:
			pushExprs(n.Expr)
		case *ast.FunctionExpr:
			pushAll(n.Stmts)
		}
	}
	return deepest
}
