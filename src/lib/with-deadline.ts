/** Rejects with `fault` if the work takes too long. The timer ends with the work. */
export async function withDeadline<T>(work: Promise<T>, deadline: number, fault: () => Error): Promise<T> {
  if (deadline === Number.POSITIVE_INFINITY) return work;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(fault()), deadline - performance.now());
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
