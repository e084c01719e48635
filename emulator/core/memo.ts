/** The function with its results kept, the last thousand or so: for what a text alone decides. Errors are not kept. */
export function memoized<T>(make: (text: string) => T, most = 1000): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    const value = make(text);
    if (made.size >= most) made.clear();
    made.set(text, value);
    return value;
  };
}
