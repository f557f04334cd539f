package script

import "github.com/yuin/gopher-lua/ast"

// syntaxDepth returns how deep the syntax tree of a file is, at most limit+1. The compiler recurses
// as deep. It does not recurse itself: a chain like 1+1+1 is as deep as it is long.
func syntaxDepth(chunk []ast.Stmt, limit int) int {
	deepest := 0
	u := &unvisited{depth: 1}
	u.stmts(chunk)
	for len(u.nodes) > 0 {
		at := u.nodes[len(u.nodes)-1]
		u.nodes = u.nodes[:len(u.nodes)-1]
		deepest = max(deepest, at.depth)
		if deepest > limit {
			return deepest
		}
		u.depth = at.depth + 1
		u.children(at.node)
	}
	return deepest
}

// unvisited has the nodes of a syntax tree that are still to be visited.
type unvisited struct {
	nodes []nodeAtDepth
	depth int // of the nodes that are added
}

type nodeAtDepth struct {
	node  any
	depth int
}

func (u *unvisited) push(node any) { u.nodes = append(u.nodes, nodeAtDepth{node, u.depth}) }

func (u *unvisited) stmts(stmts []ast.Stmt) {
	for _, s := range stmts {
		u.push(s)
	}
}

// exprs adds expressions. One that the syntax leaves out is nil.
func (u *unvisited) exprs(exprs ...ast.Expr) {
	for _, e := range exprs {
		if e != nil {
			u.push(e)
		}
	}
}

// children adds the parts of a statement or an expression.
func (u *unvisited) children(node any) {
	switch n := node.(type) {
	case *ast.AssignStmt:
		u.exprs(n.Lhs...)
		u.exprs(n.Rhs...)
	case *ast.LocalAssignStmt:
		u.exprs(n.Exprs...)
	case *ast.FuncCallStmt:
		u.exprs(n.Expr)
	case *ast.DoBlockStmt:
		u.stmts(n.Stmts)
	case *ast.WhileStmt:
		u.exprs(n.Condition)
		u.stmts(n.Stmts)
	case *ast.RepeatStmt:
		u.exprs(n.Condition)
		u.stmts(n.Stmts)
	case *ast.IfStmt:
		u.exprs(n.Condition)
		u.stmts(n.Then)
		u.stmts(n.Else)
	case *ast.NumberForStmt:
		u.exprs(n.Init, n.Limit, n.Step)
		u.stmts(n.Stmts)
	case *ast.GenericForStmt:
		u.exprs(n.Exprs...)
		u.stmts(n.Stmts)
	case *ast.FuncDefStmt:
		u.exprs(n.Name.Func, n.Name.Receiver)
		u.push(n.Func)
	case *ast.ReturnStmt:
		u.exprs(n.Exprs...)
	case *ast.AttrGetExpr:
		u.exprs(n.Object, n.Key)
	case *ast.TableExpr:
		for _, f := range n.Fields {
			u.exprs(f.Key, f.Value)
		}
	case *ast.FuncCallExpr:
		u.exprs(n.Func, n.Receiver)
		u.exprs(n.Args...)
	case *ast.LogicalOpExpr:
		u.exprs(n.Lhs, n.Rhs)
	case *ast.RelationalOpExpr:
		u.exprs(n.Lhs, n.Rhs)
	case *ast.StringConcatOpExpr:
		u.exprs(n.Lhs, n.Rhs)
	case *ast.ArithmeticOpExpr:
		u.exprs(n.Lhs, n.Rhs)
	case *ast.UnaryMinusOpExpr:
		u.exprs(n.Expr)
	case *ast.UnaryNotOpExpr:
		u.exprs(n.Expr)
	case *ast.UnaryLenOpExpr:
		u.exprs(n.Expr)
	case *ast.FunctionExpr:
		u.stmts(n.Stmts)
	}
}
