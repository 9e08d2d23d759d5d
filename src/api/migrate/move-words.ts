import type { MigrationItemState } from '../../domain/migration/migration.ts';
import type { Language } from '../portal/language.ts';

interface Said {
  readonly title: string;
  readonly text: string;
}

const en = {
  title: (plan: string) => `Your ${plan} subscription goes on`,
  intro: (project: string) =>
    `${project} changes its payment provider. Cards cannot be carried over, so please enter your payment details once more. It takes a minute.`,
  plan: 'Subscription',
  paidUntil: 'Paid until',
  first: 'First payment there',
  per: { monthly: 'per month', yearly: 'per year' },
  onDate: (sum: string, date: string) => `${sum} on ${date}`,
  more: (sum: string) => `${sum} more than before`,
  less: (sum: string) => `${sum} less than before`,
  same: 'The same as before',
  price: 'Price',
  happens: 'What happens',
  steps: (date: string, sum: string) => [
    'You enter your payment details at our new provider. Nothing is charged today.',
    `We cancel the old subscription for you. What you have paid for stays yours until ${date}.`,
    `On ${date} the new provider charges ${sum} for the first time. The old one charges nothing more.`,
  ],
  never: 'You never pay twice for the same time, and your access is never interrupted.',
  late: (date: string) =>
    `Your old subscription may renew once more in the next hours. The new one then begins after that, on ${date}.`,
  go: 'Enter payment details',
  goOn: 'Go on to the payment page',
  deadline: (date: string) => `You have until ${date}. If you do nothing, everything stays as it is now.`,
  tax: 'Taxes may be added on the payment page.',
  taken: {
    title: 'Thank you',
    text: 'Your payment details are in. We are changing over now; there is nothing more to do.',
  },
  states: {
    moved: {
      title: 'Thank you',
      text: 'Your payment details are in. We are changing over now; there is nothing more to do.',
    },
    canceling: {
      title: 'Thank you',
      text: 'Your payment details are in. We are changing over now; there is nothing more to do.',
    },
    watching: { title: 'You are all set', text: 'The old subscription is cancelled, and the new one takes its place.' },
    done: { title: 'You are all set', text: 'Your subscription has moved, and is paid at the new provider.' },
    kept: { title: 'Everything stays as it is', text: 'Your subscription goes on as before, and nothing has changed.' },
    left: { title: 'This subscription is ending', text: 'It was cancelled, so there is nothing to change over.' },
    rolled_back: {
      title: 'Everything stays as it is',
      text: 'Your subscription goes on as before, and nothing has changed.',
    },
    attention: {
      title: 'We are looking into it',
      text: 'Something needs a person here. You need not do anything, and you will hear from us.',
    },
  } satisfies Partial<Record<MigrationItemState, Said>>,
  nothingUntil: (date: string, sum: string) => `The next payment is ${sum} on ${date}. Until then nothing is charged.`,
  busy: 'The payment page is being made. Press the button again in a moment.',
  failed: 'The payment page could not be opened just now. Nothing has changed; please try again later.',
  gone: 'This link does not work any more',
  goneHelp:
    'If you still want to change over, ask for a new link where you got this one. Your subscription goes on as it is.',
};

export type MoveWords = typeof en;

const es: MoveWords = {
  title: (plan) => `Tu suscripción ${plan} continúa`,
  intro: (project) =>
    `${project} cambia de proveedor de pagos. Las tarjetas no se pueden trasladar, así que te pedimos tus datos de pago una vez más. Toma un minuto.`,
  plan: 'Suscripción',
  paidUntil: 'Pagada hasta',
  first: 'Primer cobro allí',
  per: { monthly: 'al mes', yearly: 'al año' },
  onDate: (sum, date) => `${sum} el ${date}`,
  more: (sum) => `${sum} más que antes`,
  less: (sum) => `${sum} menos que antes`,
  same: 'Lo mismo que antes',
  price: 'Precio',
  happens: 'Qué va a pasar',
  steps: (date, sum) => [
    'Escribes tus datos de pago con el nuevo proveedor. Hoy no se cobra nada.',
    `Cancelamos por ti la suscripción anterior. Lo que ya pagaste es tuyo hasta el ${date}.`,
    `El ${date} el nuevo proveedor cobra ${sum} por primera vez. El anterior no cobra nada más.`,
  ],
  never: 'Nunca pagas dos veces por el mismo tiempo, y tu acceso no se interrumpe.',
  late: (date) =>
    `Tu suscripción anterior puede renovarse una vez más en las próximas horas. La nueva empieza después, el ${date}.`,
  go: 'Escribir los datos de pago',
  goOn: 'Continuar a la página de pago',
  deadline: (date) => `Tienes hasta el ${date}. Si no haces nada, todo sigue como está.`,
  tax: 'En la página de pago se pueden sumar impuestos.',
  taken: {
    title: 'Gracias',
    text: 'Ya tenemos tus datos de pago. Estamos haciendo el cambio; no tienes que hacer nada más.',
  },
  states: {
    moved: {
      title: 'Gracias',
      text: 'Ya tenemos tus datos de pago. Estamos haciendo el cambio; no tienes que hacer nada más.',
    },
    canceling: {
      title: 'Gracias',
      text: 'Ya tenemos tus datos de pago. Estamos haciendo el cambio; no tienes que hacer nada más.',
    },
    watching: { title: 'Todo listo', text: 'La suscripción anterior está cancelada y la nueva toma su lugar.' },
    done: { title: 'Todo listo', text: 'Tu suscripción ya está con el nuevo proveedor, y pagada.' },
    kept: { title: 'Todo sigue como está', text: 'Tu suscripción continúa como antes y nada ha cambiado.' },
    left: { title: 'Esta suscripción termina', text: 'Se canceló, así que no hay nada que cambiar.' },
    rolled_back: { title: 'Todo sigue como está', text: 'Tu suscripción continúa como antes y nada ha cambiado.' },
    attention: {
      title: 'Lo estamos revisando',
      text: 'Aquí hace falta una persona. No tienes que hacer nada; te avisaremos.',
    },
  },
  nothingUntil: (date, sum) => `El próximo pago es de ${sum} el ${date}. Hasta entonces no se cobra nada.`,
  busy: 'Estamos preparando la página de pago. Vuelve a pulsar el botón en un momento.',
  failed: 'La página de pago no se pudo abrir ahora. Nada ha cambiado; inténtalo más tarde.',
  gone: 'Este enlace ya no funciona',
  goneHelp:
    'Si todavía quieres hacer el cambio, pide un enlace nuevo donde recibiste este. Tu suscripción continúa como está.',
};

export const moveWordsOf: Readonly<Record<Language, MoveWords>> = { en, es };
