// What kdviz/widgets/bundle.py puts together, told to the type checker.

declare module "*.css";
declare function drawnWith(shared: any): { render(context: any): Promise<() => void> };
declare const kdvizWords: { language: string; texts: Record<string, any> };
declare var kdvizLibraries: Map<string, Promise<any>> | undefined;
